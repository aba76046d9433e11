package io.heed.graph;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.NeighbourAggregation.Kind;
import io.heed.nn.Aggregation;
import io.heed.nn.Form;
import io.heed.nn.Registration;

/**
 * Graph isomorphism layer (Xu et al., "How powerful are graph neural networks?", equation 4.1): MLP((1 + eps) x_t + sum
 * of x_s), eps learned. Parameters {@code eps} (1), {@code first.*}, {@code second.*}.
 */
public final class Gin extends Convolution {
    private final Tensor epsilon;
    private final LinearImpl first;
    private final LinearImpl second;

    public Gin(LayerConfig config) {
        super("Gin", config);
        epsilon = Registration.parameter(this, "eps", torch.zeros(1));
        first = register_module("first", new LinearImpl(config.width(), config.width()));
        second = register_module("second", new LinearImpl(config.width(), config.width()));
    }

    @Override
    Tensor convolve(Tensor x, Graph graph, Form form) {
        Tensor sum = x.add(x.mul(epsilon)).add(Aggregation.apply(Kind.SUM, graph.csr(), x, null, form));
        return second.forward(torch.relu(first.forward(sum)));
    }
}
