package io.heed.graph.transformer;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.graph.Graph;
import io.heed.graph.GraphLayer;
import io.heed.graph.Pooling;
import io.heed.graph.Readout;
import io.heed.nn.Form;

/**
 * The paper's two networks: molecules in, one score a graph; or nodes with a category in, class scores a node. Official
 * parameter names: {@code embedding_h}, {@code embedding_e}, {@code embedding_lap_pos_enc},
 * {@code embedding_wl_pos_enc}, {@code layers.i.*}, {@code MLP_layer.FC_layers.*}.
 */
public final class GraphTransformer extends Module {
    /** Largest Weisfeiler-Lehman role plus one, in the official code. */
    private static final long ROLES = 100;

    /**
     * A network.
     *
     * @param categories    kinds of atom or node
     * @param bonds         kinds of bond; 0 for nodes without edge stream
     * @param bondFeatures  false feeds a constant 1 to the edge stream in place of the bonds
     * @param layer         a layer of width D to D
     * @param outWidth      width after the last layer
     * @param layers        L
     * @param outputs       scores a graph or node
     * @param pooling       how a molecule's nodes become one vector; null for scores a node
     * @param positions     k of the Laplacian encoding; 0 for none
     * @param roles         whether Weisfeiler-Lehman roles are added
     * @param inputDropout  share of the input dropped in training: before positions are added in a molecule network,
     *                      after them in a node network
     */
    public record Config(int categories, int bonds, boolean bondFeatures, GraphTransformerConfig layer, int outWidth,
                         int layers, int outputs, Pooling pooling, int positions, boolean roles, double inputDropout) {
        /** Whether scores are one a graph. */
        public boolean molecules() {
            return pooling != null;
        }
    }

    /**
     * What goes in.
     *
     * @param graph     the batch
     * @param nodes     (N) int64 categories
     * @param edges     (E) int64 bonds, null without edge stream
     * @param positions (N, k), null for none
     * @param roles     (N) int64, null for none
     */
    public record Input(Graph graph, Tensor nodes, Tensor edges, Tensor positions, Tensor roles) { }

    private final Config config;
    private final EmbeddingImpl nodeEmbedding;
    private final EmbeddingImpl bondEmbedding;
    private final LinearImpl constantEdge;
    private final LinearImpl positionMap;
    private final EmbeddingImpl roleEmbedding;
    private final List<GraphTransformerLayer> layers = new ArrayList<>();
    private final Readout readout;

    public GraphTransformer(Config config) {
        super("GraphTransformer");
        this.config = config;
        long d = config.layer().inWidth();
        positionMap = config.positions() > 0
                ? register_module("embedding_lap_pos_enc", new LinearImpl(config.positions(), d)) : null;
        roleEmbedding = config.roles() ? register_module("embedding_wl_pos_enc", new EmbeddingImpl(ROLES, d)) : null;
        nodeEmbedding = register_module("embedding_h", new EmbeddingImpl(config.categories(), d));
        boolean edges = config.layer().edgeStream();
        bondEmbedding = edges && config.bondFeatures()
                ? register_module("embedding_e", new EmbeddingImpl(config.bonds(), d)) : null;
        constantEdge = edges && !config.bondFeatures() ? register_module("embedding_e", new LinearImpl(1, d)) : null;
        ModuleListImpl list = register_module("layers", new ModuleListImpl());
        for (int i = 0; i < config.layers(); i++) {
            GraphTransformerConfig c = config.layer();
            boolean last = i == config.layers() - 1;
            GraphTransformerLayer layer = new GraphTransformerLayer(!last ? c : new GraphTransformerConfig(c.inWidth(),
                    config.outWidth(), c.heads(), c.dropout(), c.layerNorm(), c.batchNorm(),
                    c.residual(), c.bias(), c.edgeStream()));
            list.push_back(layer);
            layers.add(layer);
        }
        readout = register_module("MLP_layer", new Readout(config.outWidth(), config.outputs()));
    }

    /** Scores, (graphs, outputs) for molecules and (N, outputs) for nodes. */
    public Tensor forward(Input in, Form form) {
        Tensor h = nodeEmbedding.forward(in.nodes());
        if (config.molecules()) {
            h = drop(h);
        }
        if (positionMap != null) {
            h = h.add(positionMap.forward(in.positions()));
        }
        if (roleEmbedding != null) {
            h = h.add(roleEmbedding.forward(in.roles()));
        }
        if (!config.molecules()) {
            h = drop(h);
        }
        Tensor e = null;
        if (bondEmbedding != null) {
            e = bondEmbedding.forward(in.edges());
        } else if (constantEdge != null) {
            e = constantEdge.forward(torch.ones(in.graph().edges(), 1));
        }
        GraphLayer.Streams streams = new GraphLayer.Streams(h, e);
        for (GraphTransformerLayer layer : layers) {
            streams = layer.forward(streams, in.graph(), form);
        }
        Tensor nodes = streams.nodes();
        return readout.forward(config.molecules() ? config.pooling().apply(in.graph(), nodes, form) : nodes);
    }

    private Tensor drop(Tensor x) {
        return config.inputDropout() > 0 && is_training() ? torch.dropout(x, config.inputDropout(), true) : x;
    }
}
