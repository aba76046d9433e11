package io.heed.train;

import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A small model with dropout: D -> width -> 1. */
final class Perceptron extends Module {
    private final LinearImpl hidden;
    private final LinearImpl output;
    private final DropoutImpl dropout;

    Perceptron(long inputs, long width, double dropout) {
        hidden = register_module("hidden", new LinearImpl(inputs, width));
        output = register_module("output", new LinearImpl(width, 1));
        this.dropout = register_module("dropout", new DropoutImpl(dropout));
        register_buffer("scale", torch.ones(1));
    }

    Tensor forward(Tensor x) {
        return output.forward(dropout.forward(hidden.forward(x).tanh()));
    }
}
