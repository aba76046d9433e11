package io.heed.sequence.gaussian;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * One head of the experiments' form: an unnormalised Gaussian gate over layers, a width and an offset for every
 * feature.
 * Parameters {@code c (1, F)}, a variance, and {@code mean_offset (1, F)}, at first 0.
 */
final class LayerGate extends Module {
    /** Added to the variance as it is taken. */
    static final double FLOOR = 1e-8;

    private final Tensor width;
    private final Tensor offset;
    private final double epsilon;

    LayerGate(long features, double initialWidth, double epsilon) {
        super("LayerGate");
        this.epsilon = epsilon;
        width = Registration.parameter(this, "c", torch.full(new long[] {1, features}, new Scalar(initialWidth)));
        offset = Registration.parameter(this, "mean_offset", torch.zeros(1, features));
    }

    /** Gates of (B, layers, F), statistics over these layers: the same shape, in (0, 1]. */
    Tensor gates(Tensor x) {
        long[] layers = {1};
        Tensor mean = x.mean(layers, true, new ScalarTypeOptional());
        Tensor variance = x.square().mean(layers, true, new ScalarTypeOptional()).sub(mean.square()).abs();
        return of(x.sub(mean), Ops.shift(variance, FLOOR), offset, width, epsilon);
    }

    /** exp(-z^2 / (2 c)), z = (deviation - offset) / sqrt(variance + eps). */
    static Tensor of(Tensor deviation, Tensor variance, Tensor offset, Tensor width, double epsilon) {
        Tensor z = deviation.sub(offset).div(Ops.shift(variance, epsilon).sqrt());
        return z.square().div(Ops.scale(width, 2)).neg().exp();
    }
}
