package io.heed.graph.transformer;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.graph.EdgeSoftmax;
import io.heed.graph.Graph;
import io.heed.graph.GraphLayer;
import io.heed.graph.Linears;
import io.heed.nn.Form;
import io.heed.nn.Registration;

/**
 * A graph transformer layer, with or without an edge stream; see the package for the equations. Official parameter
 * names: {@code attention.{Q,K,V}}, {@code attention.proj_e} with edges, and {@link Stream}'s, marked {@code _h} and
 * {@code _e} with edges.
 */
public final class GraphTransformerLayer extends GraphLayer {
    /** Scores are clamped to [-5, 5]; a clamped score has no gradient. */
    private static final double LIMIT = 5;
    /** The official edge variant alone adds this to the sum of weights. */
    private static final double EDGE_EPSILON = 1e-6;

    private final GraphTransformerConfig config;
    /** Kept, because libtorch calls back into a module that is made in Java, and must find it. */
    private final Module attention;
    private final LinearImpl query;
    private final LinearImpl key;
    private final LinearImpl value;
    private final LinearImpl edgeProjection;
    private final Stream nodes;
    private final Stream edges;

    public GraphTransformerLayer(GraphTransformerConfig config) {
        super("GraphTransformerLayer");
        this.config = config;
        attention = register_module("attention", Registration.group());
        query = attention.register_module("Q", Linears.of(config.inWidth(), config.outWidth(), config.bias()));
        key = attention.register_module("K", Linears.of(config.inWidth(), config.outWidth(), config.bias()));
        value = attention.register_module("V", Linears.of(config.inWidth(), config.outWidth(), config.bias()));
        edgeProjection = config.edgeStream() ? attention.register_module("proj_e",
                Linears.of(config.inWidth(), config.outWidth(), config.bias())) : null;
        nodes = new Stream(this, config, config.edgeStream() ? "_h" : "");
        edges = config.edgeStream() ? new Stream(this, config, "_e") : null;
    }

    @Override
    public boolean readsEdges() {
        return config.edgeStream();
    }

    @Override
    public Streams forward(Streams in, Graph graph, Form form) {
        if (config.edgeStream() && in.edges() == null) {
            throw new IllegalArgumentException(
                    "this graph transformer has an edge stream, but no edge features were given");
        }
        Tensor h = in.nodes();
        Tensor modulation = config.edgeStream() ? heads(edgeProjection.forward(in.edges())) : null;
        double scale = 1 / Math.sqrt((double) config.outWidth() / config.heads());
        EdgeSoftmax.Result attended = EdgeSoftmax.dotProduct(graph, heads(query.forward(h)), heads(key.forward(h)),
                heads(value.forward(h)), modulation, scale,
                new EdgeSoftmax.Weighting(1, LIMIT, config.edgeStream() ? EDGE_EPSILON : 0), form);
        Tensor out = nodes.forward(h, attended.nodes().flatten(1, 2));
        if (!config.edgeStream()) {
            return new Streams(out, in.edges());
        }
        return new Streams(out, edges.forward(in.edges(), attended.edgeScores().flatten(1, 2)));
    }

    /** (rows, D) to (rows, H, d). */
    private Tensor heads(Tensor x) {
        return x.unflatten(1, config.heads(), x.size(1) / config.heads());
    }
}
