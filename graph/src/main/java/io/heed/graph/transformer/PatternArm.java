package io.heed.graph.transformer;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.data.CounterRandom;
import io.heed.graph.Graph;
import io.heed.graph.GraphLayer;
import io.heed.graph.GraphNetwork;
import io.heed.graph.LaplacianEncoding;
import io.heed.graph.LayerConfig;
import io.heed.graph.NodeFeatures;
import io.heed.graph.transformer.PlantedPatterns.Labelled;
import io.heed.nn.Form;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

/**
 * One arm of the study on planted patterns: a kind of layer, with or without positions, on sparse or complete graphs.
 */
final class PatternArm {
    private static final int BATCH = 20;
    private static final double RATE = 1e-3;
    private static final NodeFeatures LIKE =
            new NodeFeatures.Categories(new int[] {0}, PlantedPatterns.CATEGORIES);

    /** Graphs joined into one, with positions and labels as arrays. */
    private record Batch(Graph graph, float[] encoding, long[] labels) { }

    private final String name;
    private final GraphNetwork.Config config;
    private final Function<LayerConfig, GraphLayer> build;
    private final boolean complete;

    PatternArm(String name, GraphNetwork.Config config, Function<LayerConfig, GraphLayer> build, boolean complete) {
        this.name = name;
        this.config = config;
        this.build = build;
        this.complete = complete;
    }

    String name() {
        return name;
    }

    /** The same with the width that comes nearest to this many parameters. */
    PatternArm fitted(long parameters) {
        return new PatternArm(name, GraphNetwork.fit(config, LIKE, build, parameters), build, complete);
    }

    long parameters() {
        try (PointerScope _ = new PointerScope()) {
            return new GraphNetwork(config, LIKE, build).parameterCount();
        }
    }

    /** Test accuracy, balanced over the classes, of the epoch that is best on the validation graphs. */
    double run(List<Labelled> train, List<Labelled> validation, List<Labelled> test, int epochs, long seed) {
        List<Batch> fixedValidation = batches(validation, order(validation.size(), 0));
        List<Batch> fixedTest = batches(test, order(test.size(), 0));
        Seeds.seedTorch(seed, "weights", 0);
        try (PointerScope _ = new PointerScope()) {
            GraphNetwork network = new GraphNetwork(config, LIKE, build);
            Adam optimizer = new Adam(network.parameters(), new AdamOptions(RATE));
            double best = -1;
            double result = 0;
            for (int epoch = 0; epoch < epochs; epoch++) {
                network.train(true);
                int index = 0;
                for (Batch batch : batches(train, order(train.size(), CounterRandom.key(seed, epoch)))) {
                    step(network, optimizer, batch, CounterRandom.key(seed, epoch, index++));
                }
                network.eval();
                double score = balanced(network, fixedValidation);
                if (score > best) {
                    best = score;
                    result = balanced(network, fixedTest);
                }
            }
            return result;
        }
    }

    private void step(GraphNetwork network, Adam optimizer, Batch batch, long key) {
        try (PointerScope _ = new PointerScope()) {
            optimizer.zero_grad();
            Tensor positions = positions(batch);
            Tensor scores = network.forward(batch.graph,
                    positions == null ? null : LaplacianEncoding.flip(positions, key), Form.AUTO);
            WeightedCrossEntropy.loss(scores, Ops.of(batch.labels)).backward();
            optimizer.step();
        }
    }

    private double balanced(GraphNetwork network, List<Batch> batches) {
        long[] right = new long[2];
        long[] all = new long[2];
        for (Batch batch : batches) {
            try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                long[] found = Ops.longs(network.forward(batch.graph, positions(batch), Form.AUTO)
                        .argmax(new LongOptional(1), false));
                for (int i = 0; i < found.length; i++) {
                    int label = (int) batch.labels[i];
                    all[label]++;
                    right[label] += found[i] == label ? 1 : 0;
                }
            }
        }
        return (right[0] / (double) all[0] + right[1] / (double) all[1]) / 2;
    }

    private Tensor positions(Batch batch) {
        return config.positions() == 0 ? null : Ops.of(batch.encoding, batch.graph.nodes(), config.positions());
    }

    private List<Batch> batches(List<Labelled> graphs, int[] order) {
        List<Batch> batches = new ArrayList<>();
        for (int from = 0; from < order.length; from += BATCH) {
            List<Labelled> chosen = new ArrayList<>();
            for (int i = from; i < Math.min(order.length, from + BATCH); i++) {
                chosen.add(graphs.get(order[i]));
            }
            Graph joined = Graph.batch(chosen.stream().map(Labelled::graph).toList());
            int k = config.positions();
            float[] encoding = new float[joined.nodes() * k];
            long[] labels = new long[joined.nodes()];
            int at = 0;
            for (Labelled one : chosen) {
                if (k > 0) {
                    System.arraycopy(one.encoding(), 0, encoding, at * k, one.labels().length * k);
                }
                for (int label : one.labels()) {
                    labels[at++] = label;
                }
            }
            batches.add(new Batch(complete ? joined.complete() : joined, encoding, labels));
        }
        return batches;
    }

    private static int[] order(int count, long key) {
        int[] order = new int[count];
        CounterRandom random = new CounterRandom(key);
        for (int i = 0; i < count; i++) {
            int j = key == 0 ? i : random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}
