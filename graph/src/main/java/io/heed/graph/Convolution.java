package io.heed.graph;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;

/**
 * A message-passing baseline as comparisons use it: x + dropout(relu(norm(convolution(x)))), the edge stream untouched.
 * Parameters {@code norm.*} beside the convolution's own.
 */
abstract class Convolution extends GraphLayer {
    private final BatchNorm norm;
    private final double dropout;

    Convolution(String name, LayerConfig config) {
        super(name);
        norm = register_module("norm", new BatchNorm(config.width()));
        dropout = config.dropout();
    }

    /** (N, D) to (N, D). */
    abstract Tensor convolve(Tensor x, Graph graph, Form form);

    @Override
    public Streams forward(Streams in, Graph graph, Form form) {
        Tensor y = torch.relu(norm.forward(convolve(in.nodes(), graph, form)));
        return new Streams(in.nodes().add(drop(y, dropout)), in.edges());
    }

    final Tensor drop(Tensor x, double share) {
        return share > 0 && is_training() ? torch.dropout(x, share, true) : x;
    }
}
