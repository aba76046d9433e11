package io.heed.sequence.transnormer;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Initialisation;

/**
 * The channel mixer: ((x W1) * (x W2)) W3, without an activation. Parameters {@code l1.weight}, {@code l2.weight (F,
 * D)}, {@code l3.weight (D, F)}, and biases if asked.
 */
final class Sglu extends Module {
    private final LinearImpl left;
    private final LinearImpl right;
    private final LinearImpl down;

    Sglu(long width, long hidden, boolean bias, int layers) {
        super("Sglu");
        left = register_module("l1", Initialisation.linear(width, hidden, bias));
        right = register_module("l2", Initialisation.linear(width, hidden, bias));
        down = register_module("l3", Initialisation.residual(hidden, width, bias, layers));
    }

    /** (..., D) to (..., D). */
    Tensor forward(Tensor x) {
        return down.forward(left.forward(x).mul(right.forward(x)));
    }
}
