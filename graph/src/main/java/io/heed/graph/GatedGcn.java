package io.heed.graph;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.tensor.Ops;

/**
 * Gated graph convolution with an edge stream (Bresson and Laurent, "Residual gated graph ConvNets", as benchmarked by
 * Dwivedi et al.): for an edge s to t, e' = D x_t + E x_s + C e and x_t' = A x_t + sum sigma(e') * B x_s / (sum
 * sigma(e') + 1e-6); both through batch norm and ReLU, with residuals. Parameters {@code A..E.*}, {@code bn_node_x.*},
 * {@code bn_edge_e.*}.
 */
public final class GatedGcn extends GraphLayer {
    private static final double EPSILON = 1e-6;

    private final LinearImpl own;
    private final LinearImpl message;
    private final LinearImpl edge;
    private final LinearImpl gateTarget;
    private final LinearImpl gateSource;
    private final BatchNorm nodeNorm;
    private final BatchNorm edgeNorm;
    private final double dropout;

    public GatedGcn(LayerConfig config) {
        super("GatedGcn");
        int d = config.width();
        own = register_module("A", new LinearImpl(d, d));
        message = register_module("B", new LinearImpl(d, d));
        edge = register_module("C", new LinearImpl(d, d));
        gateTarget = register_module("D", new LinearImpl(d, d));
        gateSource = register_module("E", new LinearImpl(d, d));
        nodeNorm = register_module("bn_node_x", new BatchNorm(d));
        edgeNorm = register_module("bn_edge_e", new BatchNorm(d));
        dropout = config.dropout();
    }

    @Override
    public boolean readsEdges() {
        return true;
    }

    @Override
    public Streams forward(Streams in, Graph graph, Form form) {
        if (in.edges() == null) {
            throw new IllegalArgumentException("a gated graph convolution needs an edge stream");
        }
        Tensor x = in.nodes();
        Tensor source = EdgeSoftmax.source(graph);
        Tensor target = EdgeSoftmax.target(graph);
        Tensor gate = gateTarget.forward(x).index_select(0, target).add(gateSource.forward(x).index_select(0, source))
                .add(edge.forward(in.edges()));
        Tensor sigma = torch.sigmoid(gate);
        Tensor zero = torch.zeros_like(x);
        Tensor sum = zero.index_add(0, target, sigma.mul(message.forward(x).index_select(0, source)));
        Tensor gates = Ops.shift(zero.index_add(0, target, sigma), EPSILON);
        Tensor nodes = torch.relu(nodeNorm.forward(own.forward(x).add(sum.div(gates))));
        Tensor edges = torch.relu(edgeNorm.forward(gate));
        return new Streams(x.add(drop(nodes)), in.edges().add(drop(edges)));
    }

    private Tensor drop(Tensor x) {
        return dropout > 0 && is_training() ? torch.dropout(x, dropout, true) : x;
    }
}
