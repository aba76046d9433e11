package io.heed.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.tensor.Ops;

/**
 * A stack that carries any graph layer, and is the same for every layer in a comparison: features and positions to
 * vectors, L layers, an MLP that scores nodes or graphs. Parameters {@code encoder.*}, {@code positions.*},
 * {@code edges.*} and {@code edge_features.*} where the layers read edges, {@code layers.i.*}, {@code readout.*}.
 */
public final class GraphNetwork extends Module {
    private static final int LEAST_WIDTH = 4;

    /**
     * What a network is built from.
     *
     * @param layer     a kind of layer, see {@link GraphLayers}
     * @param layers    L
     * @param config    width, heads and dropout of a layer
     * @param positions k, width of the encoding that is added; 0 for none
     * @param edgeTypes kinds of edge for layers that read edges; 1 where edges have no types
     * @param outputs   scores a node or graph
     * @param pooling   how nodes become a graph's vector; null for scores a node
     * @param hidden    width of the read-out's first hidden layer
     * @param edgeWidth F, width of the edges' features for layers that read edges; 0 for none
     */
    public record Config(String layer, int layers, LayerConfig config, int positions, int edgeTypes, int outputs,
                         Pooling pooling, int hidden, int edgeWidth) {
        /** With a read-out that halves its width, and no edge features. */
        public Config(String layer, int layers, LayerConfig config, int positions, int edgeTypes, int outputs,
                Pooling pooling) {
            this(layer, layers, config, positions, edgeTypes, outputs, pooling, config.width() / 2, 0);
        }

        /** The same with another width, and a read-out that halves it. */
        public Config withWidth(int width) {
            return new Config(layer, layers, new LayerConfig(width, config.heads(), config.dropout()), positions,
                    edgeTypes,
                    outputs, pooling, width / 2, edgeWidth);
        }

        /** The same with another first hidden width of the read-out. */
        public Config withHidden(int hidden) {
            return new Config(layer, layers, config, positions, edgeTypes, outputs, pooling, hidden, edgeWidth);
        }

        /** The same for edges with features of this width. */
        public Config withEdgeWidth(int edgeWidth) {
            return new Config(layer, layers, config, positions, edgeTypes, outputs, pooling, hidden, edgeWidth);
        }
    }

    private final Config config;
    private final FeatureEncoder encoder;
    private final LinearImpl positions;
    private final EmbeddingImpl edges;
    private final LinearImpl edgeFeatures;
    private final List<GraphLayer> layers = new ArrayList<>();
    private final Readout readout;

    /** @param like features of the kind and width that the network will see */
    public GraphNetwork(Config config, NodeFeatures like) {
        this(config, like, GraphLayers.named(config.layer()).build());
    }

    /** A network of layers that {@code build} makes, whatever the config calls them. */
    public GraphNetwork(Config config, NodeFeatures like, Function<LayerConfig, GraphLayer> build) {
        super("GraphNetwork");
        this.config = config;
        int d = config.config().width();
        encoder = register_module("encoder", new FeatureEncoder(like, d, config.config().dropout()));
        positions = config.positions() > 0
                ? register_module("positions", new LinearImpl(config.positions(), d)) : null;
        ModuleListImpl list = register_module("layers", new ModuleListImpl());
        for (int i = 0; i < config.layers(); i++) {
            GraphLayer layer = build.apply(config.config());
            list.push_back(layer);
            layers.add(layer);
        }
        boolean reads = layers.stream().anyMatch(GraphLayer::readsEdges);
        edges = reads ? register_module("edges", new EmbeddingImpl(Math.max(1, config.edgeTypes()), d)) : null;
        edgeFeatures = reads && config.edgeWidth() > 0
                ? register_module("edge_features", new LinearImpl(config.edgeWidth(), d)) : null;
        readout = register_module("readout", new Readout(d, config.hidden(), config.outputs()));
    }

    /** What it was built from. */
    public Config config() {
        return config;
    }

    /**
     * Scores.
     *
     * @param encoding (N, k), or null where k is 0
     * @return (N, outputs), or (graphs, outputs) with a pooling
     * @throws IllegalArgumentException when the features of nodes or edges have another width than those it was built
     *         for
     */
    public Tensor forward(Graph graph, Tensor encoding, Form form) {
        Tensor h = encoder.forward(graph.features(), form);
        if (positions != null) {
            h = h.add(positions.forward(encoding));
        }
        double dropout = config.config().dropout();
        if (dropout > 0 && is_training()) {
            h = torch.dropout(h, dropout, true);
        }
        GraphLayer.Streams streams = new GraphLayer.Streams(h, edges == null ? null : encode(graph));
        for (GraphLayer layer : layers) {
            streams = layer.forward(streams, graph, form);
        }
        Tensor nodes = streams.nodes();
        return readout.forward(config.pooling() == null ? nodes : config.pooling().apply(graph, nodes, form));
    }

    /** Types and features of the edges to (E, D). */
    private Tensor encode(Graph graph) {
        int[] types = graph.edgeTypes() == null ? new int[graph.edges()] : graph.edgeTypes();
        Tensor e = edges.forward(Ops.of(EdgeSoftmax.longs(types)));
        if (edgeFeatures == null) {
            return e;
        }
        EdgeFeatures features = graph.edgeFeatures();
        if (features == null || features.width() != config.edgeWidth()) {
            throw new IllegalArgumentException("edge features are " + (features == null ? 0 : features.width())
                    + " wide, the model takes " + config.edgeWidth());
        }
        return e.add(edgeFeatures.forward(Ops.of(features.values(), features.edges(), features.width())));
    }

    /** Trained numbers. */
    public long parameterCount() {
        try (PointerScope _ = new PointerScope()) {
            TensorVector all = parameters();
            long sum = 0;
            for (long i = 0; i < all.size(); i++) {
                sum += all.get(i).numel();
            }
            return sum;
        }
    }

    /**
     * A config of about {@code parameters} in all: the largest width that stays below, and the read-out's hidden layer
     * takes up the rest, so that the count is off by no more than half a hidden unit. A network that is too large at
     * its least width keeps that width. Builds networks to count, so it draws from libtorch's default generator.
     */
    public static Config fit(Config config, NodeFeatures like, Function<LayerConfig, GraphLayer> build,
            long parameters) {
        int heads = config.config().heads();
        int least = (LEAST_WIDTH + heads - 1) / heads * heads;
        Config best = config.withWidth(least);
        for (int width = least + heads; count(config.withWidth(width), like, build) <= parameters; width += heads) {
            best = config.withWidth(width);
        }
        // the count is affine in the hidden width
        long one = count(best.withHidden(1), like, build);
        long slope = count(best.withHidden(2), like, build) - one;
        long hidden = Math.max(1, 1 + Math.round((parameters - one) / (double) slope));
        return best.withHidden(Math.toIntExact(hidden));
    }

    private static long count(Config config, NodeFeatures like, Function<LayerConfig, GraphLayer> build) {
        try (PointerScope _ = new PointerScope()) {
            return new GraphNetwork(config, like, build).parameterCount();
        }
    }
}
