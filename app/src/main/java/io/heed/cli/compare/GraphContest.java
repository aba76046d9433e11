package io.heed.cli.compare;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;

import io.heed.data.Split;
import io.heed.graph.EdgeFeatures;
import io.heed.graph.GraphLayers;
import io.heed.graph.GraphNetwork;
import io.heed.graph.LayerConfig;
import io.heed.graph.NodeFeatures;
import io.heed.graph.NodeTask;
import io.heed.train.RunDirectory;
import io.heed.train.Task;

/**
 * A contest of graph networks on one graph's nodes.
 *
 * @param encoding  positions of the nodes, (N, k) row by row; null for none
 * @param positions width of the encoding that the task hands to every network; 0 for none
 */
record GraphContest(CompareSettings settings, NodeTask nodes, float[] encoding, int positions)
        implements Contest<GraphNetwork> {
    /** The layer whose network sets the size of all. */
    private static final String BASELINE = "graph-transformer";
    /** Where the whole graph is seen every step, a network learns the few labelled nodes by heart without it. */
    private static final double DROPOUT = 0.5;

    /** One network of this config. */
    private record Entrant(GraphNetwork.Config config, NodeFeatures like) implements Contestant<GraphNetwork> {
        @Override
        public GraphNetwork build() {
            return new GraphNetwork(config, like);
        }

        @Override
        public void describe(RunDirectory run) throws IOException {
            ModelFile.describe(run, "graph network", config);
        }
    }

    @Override
    public Task<GraphNetwork> task() {
        return nodes;
    }

    @Override
    public String about() {
        String name = settings.task().equals(GraphContests.WORDNET) ? "WordNet's synsets" : settings.task();
        return name + " (" + nodes.data().graph() + ", " + nodes.data().classes() + " classes)";
    }

    @Override
    public String unit() {
        return "nodes";
    }

    @Override
    public List<Contestant<GraphNetwork>> contestants() {
        NodeFeatures like = nodes.data().graph().features();
        long parameters;
        try (PointerScope _ = new PointerScope()) {
            parameters = new GraphNetwork(config(BASELINE), like).parameterCount();
        }
        return settings.mixers().stream().<Contestant<GraphNetwork>>map(name -> new Entrant(
                GraphNetwork.fit(config(name), like, GraphLayers.named(name).build(), parameters), like)).toList();
    }

    private GraphNetwork.Config config(String layer) {
        int[] types = nodes.data().graph().edgeTypes();
        int kinds = types == null ? 1 : Arrays.stream(types).max().orElse(0) + 1;
        EdgeFeatures edges = nodes.data().graph().edgeFeatures();
        return new GraphNetwork.Config(layer, settings.layers(), new LayerConfig(Math.toIntExact(settings.width()),
                settings.heads(), settings.batch() == 0 ? DROPOUT : 0), positions, kinds, nodes.data().classes(), null)
                .withEdgeWidth(edges == null ? 0 : edges.width());
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("A step", settings.batch() == 0 ? "the whole graph" : settings.batch() + " nodes; "
                + GraphContests.NEAR + " neighbours a node at the first hop, " + GraphContests.FAR + " at others");
        facts.put("Positions", positions == 0 ? "none (the graph is too large)" : positions
                + " Laplacian eigenvectors");
        int splits = nodes.data().splits().size();
        facts.put("Split", splits == 1 ? "the data set's own" : settings.split() != CompareSettings.SPLIT_OF_SEED
                ? "number " + settings.split() + " of the data set's " + splits
                : "of the data set's " + splits + ", seed s takes number s modulo " + splits);
        facts.put("Parameters", "equal within 1%, by the widths of the layers and of the read-out");
        return facts;
    }

    @Override
    public Contest<GraphNetwork> ofSeed(long seed) {
        return new GraphContest(settings, GraphContests.task(settings, nodes.data(), seed, encoding, positions),
                encoding, positions);
    }

    @Override
    public double test(GraphNetwork model) {
        return nodes.evaluate(model, Split.TEST).value();
    }
}
