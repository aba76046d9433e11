package io.heed.nn;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * gamma * x with a learned gain per channel that starts small (CaiT, arXiv 2103.17239). Parameter {@code gamma} (D).
 */
public final class LayerScale extends Module {
    private final Tensor gamma;

    /** @param initial every gain at the start, usually 1e-4 */
    public LayerScale(long width, double initial) {
        super("LayerScale");
        gamma = Registration.parameter(this, "gamma", torch.full(new long[] {width}, new Scalar(initial)));
    }

    /** (..., D) to (..., D). */
    public Tensor forward(Tensor x) {
        return x.mul(gamma);
    }
}
