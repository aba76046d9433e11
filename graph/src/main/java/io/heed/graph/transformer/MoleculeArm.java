package io.heed.graph.transformer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;
import io.heed.graph.Graph;
import io.heed.graph.GraphLayers;
import io.heed.graph.GraphNetwork;
import io.heed.graph.data.GraphData;
import io.heed.nn.Form;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

/** One arm of the study on real molecules: graph classification by mean read-out over the data's own folds. */
final class MoleculeArm {
    private static final int BATCH = 32;
    private static final double RATE = 1e-3;

    private final GraphData data;
    private final GraphNetwork.Config config;

    MoleculeArm(GraphData data, GraphNetwork.Config config) {
        this.data = data;
        this.config = config;
    }

    long parameters() {
        try (PointerScope _ = new PointerScope()) {
            return new GraphNetwork(config, data.graphs().getFirst().features()).parameterCount();
        }
    }

    MoleculeArm fitted(long parameters) {
        return new MoleculeArm(data, GraphNetwork.fit(config, data.graphs().getFirst().features(),
                GraphLayers.named(config.layer()).build(), parameters));
    }

    /** Test accuracy after the last epoch, for one fold. */
    double run(int fold, int epochs) {
        List<Integer> train = new ArrayList<>();
        List<Integer> test = new ArrayList<>();
        for (int i = 0; i < data.graphs().size(); i++) {
            (data.folds()[i] == fold ? test : train).add(i);
        }
        Seeds.seedTorch(fold, "weights", 0);
        try (PointerScope _ = new PointerScope()) {
            GraphNetwork network = new GraphNetwork(config, data.graphs().getFirst().features());
            Adam optimizer = new Adam(network.parameters(), new AdamOptions(RATE));
            network.train(true);
            for (int epoch = 0; epoch < epochs; epoch++) {
                CounterRandom random = new CounterRandom(CounterRandom.key(fold, epoch));
                List<Integer> order = new ArrayList<>(train);
                Collections.shuffle(order, Random.from(random));
                for (int from = 0; from < order.size(); from += BATCH) {
                    step(network, optimizer, order.subList(from, Math.min(order.size(), from + BATCH)));
                }
            }
            network.eval();
            try (NoGradGuard _ = new NoGradGuard()) {
                long[] found = Ops.longs(network.forward(batch(test), null, Form.AUTO)
                        .argmax(new LongOptional(1), false));
                long[] labels = labels(test);
                int right = 0;
                for (int i = 0; i < found.length; i++) {
                    right += found[i] == labels[i] ? 1 : 0;
                }
                return right / (double) found.length;
            }
        }
    }

    private void step(GraphNetwork network, Adam optimizer, List<Integer> chosen) {
        try (PointerScope _ = new PointerScope()) {
            optimizer.zero_grad();
            Tensor scores = network.forward(batch(chosen), null, Form.AUTO);
            torch.nll_loss(torch.log_softmax(scores, 1), Ops.of(labels(chosen))).backward();
            optimizer.step();
        }
    }

    private Graph batch(List<Integer> chosen) {
        return Graph.batch(chosen.stream().map(data.graphs()::get).toList());
    }

    private long[] labels(List<Integer> chosen) {
        return chosen.stream().mapToLong(i -> data.labels()[i]).toArray();
    }
}
