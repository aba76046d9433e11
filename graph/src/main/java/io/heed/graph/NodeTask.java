package io.heed.graph;

import java.util.Arrays;
import java.util.List;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;
import io.heed.data.Split;
import io.heed.graph.data.NodeData;
import io.heed.graph.data.NodeSplit;
import io.heed.nn.Form;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Node classification on one graph: on the whole graph every step, or on sampled neighbourhoods of a few training
 * nodes. Evaluation always runs on the whole graph. The metric is accuracy, or the area under the ROC curve for the set
 * whose README asks for it.
 */
public final class NodeTask implements Task<GraphNetwork> {
    private static final List<String> RANKED = List.of("minesweeper");

    private final NodeData data;
    private final NodeSplit split;
    private final float[] encoding;
    private final int positions;
    private final NeighbourSampler sampler;
    private final int batch;

    private NodeTask(NodeData data, NodeSplit split, float[] encoding, int positions, NeighbourSampler sampler,
            int batch) {
        this.data = data;
        this.split = split;
        this.encoding = encoding;
        this.positions = positions;
        this.sampler = sampler;
        this.batch = batch;
    }

    /**
     * Training on the whole graph.
     *
     * @param split     which of the data's splits
     * @param encoding  (N, k) row by row; null where k is 0
     * @param positions k
     */
    public static NodeTask whole(NodeData data, int split, float[] encoding, int positions) {
        return new NodeTask(data, chosen(data, split), encoding, positions, null, 0);
    }

    /**
     * Training on sampled neighbourhoods.
     *
     * @param batch   training nodes a step
     * @param fanOuts edges a node at each hop
     */
    public static NodeTask sampled(NodeData data, int split, float[] encoding, int positions, int batch,
            int... fanOuts) {
        NodeSplit chosen = chosen(data, split);
        return new NodeTask(data, chosen, encoding, positions, new NeighbourSampler(data.graph(), fanOuts),
                Math.min(batch, chosen.train().length));
    }

    private static NodeSplit chosen(NodeData data, int split) {
        if (split < 0 || split >= data.splits().size()) {
            throw new IllegalArgumentException(data.name() + " has splits 0 to " + (data.splits().size() - 1) + ", not "
                    + split);
        }
        return data.splits().get(split);
    }

    /** The split that it trains, validates and tests on. */
    public NodeSplit split() {
        return split;
    }

    /** The data. */
    public NodeData data() {
        return data;
    }

    @Override
    public String id() {
        return data.name();
    }

    @Override
    public Tensor loss(GraphNetwork model, Step step) {
        if (sampler == null) {
            Tensor positionsNow = encoding == null ? null
                    : LaplacianEncoding.flip(Ops.of(encoding, data.graph().nodes(), positions), step.key());
            Tensor scores = model.forward(data.graph(), positionsNow, Form.AUTO);
            return cross(scores.index_select(0, index(split.train())), labels(split.train()));
        }
        int[] seeds = seeds(step.key());
        NeighbourSampler.Sample sample = sampler.sample(seeds, step.key());
        Tensor positionsNow = encoding == null ? null
                : LaplacianEncoding.flip(rows(sample.nodes()), step.key());
        Tensor scores = model.forward(sample.graph(), positionsNow, Form.AUTO);
        return cross(Ops.slice(scores, 0, 0, seeds.length), labels(seeds));
    }

    @Override
    public Evaluation evaluate(GraphNetwork model) {
        return evaluate(model, Split.VALIDATION);
    }

    /** Loss and metric on one part. */
    public Evaluation evaluate(GraphNetwork model, Split part) {
        int[] nodes = split.of(part);
        Tensor all = model.forward(data.graph(),
                encoding == null ? null : Ops.of(encoding, data.graph().nodes(), positions), Form.AUTO);
        Tensor scores = all.index_select(0, index(nodes));
        Tensor labels = labels(nodes);
        double loss = Ops.item(cross(scores, labels));
        double value = ranked() ? RankingArea.of(Ops.floats(Ops.slice(torch.softmax(scores, 1), 1, 1, 2)),
                Ops.longs(labels))
                : Ops.item(scores.argmax(new LongOptional(1), false).eq(labels).to(torch.ScalarType.Float).mean());
        return Evaluation.of(loss, metric(), value);
    }

    /** Distinct training nodes. */
    private int[] seeds(long key) {
        int[] train = split.train().clone();
        CounterRandom random = new CounterRandom(CounterRandom.key(key, train.length));
        for (int i = 0; i < batch; i++) {
            int j = i + random.nextInt(train.length - i);
            int swap = train[i];
            train[i] = train[j];
            train[j] = swap;
        }
        return Arrays.copyOf(train, batch);
    }

    private static Tensor cross(Tensor scores, Tensor labels) {
        return torch.nll_loss(torch.log_softmax(scores, 1), labels);
    }

    private Tensor rows(int[] nodes) {
        float[] picked = new float[nodes.length * positions];
        for (int i = 0; i < nodes.length; i++) {
            System.arraycopy(encoding, nodes[i] * positions, picked, i * positions, positions);
        }
        return Ops.of(picked, nodes.length, positions);
    }

    private static Tensor index(int[] nodes) {
        return Ops.of(EdgeSoftmax.longs(nodes));
    }

    private Tensor labels(int[] nodes) {
        return Ops.of(Arrays.stream(nodes).mapToLong(node -> data.labels()[node]).toArray());
    }

    private boolean ranked() {
        return RANKED.contains(data.name());
    }

    /** Nodes whose loss one step takes. */
    @Override
    public long tokensPerStep() {
        return sampler == null ? split.train().length : batch;
    }

    @Override
    public String metric() {
        return ranked() ? "ROC AUC" : "accuracy";
    }

    @Override
    public boolean higherIsBetter() {
        return true;
    }
}
