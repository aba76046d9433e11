package io.heed.sequence.transnormer;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * Linearised relative position encoding (section 3.1.1): x_t becomes [x_t cos(theta t), x_t sin(theta t)], twice as
 * wide, so that the product of two rows depends on the distance of their positions only. Every channel of every head
 * has a learned frequency.
 *
 * <p>Parameter {@code theta (H, 1, d)}, at first 10000^(-2 r / D) for the channel r of all D.
 */
final class Lrpe extends Module {
    private static final double BASE = 10_000;

    private final Tensor theta;

    Lrpe(int heads, long headWidth) {
        super("Lrpe");
        double[] initial = new double[Math.toIntExact(heads * headWidth)];
        for (int r = 0; r < initial.length; r++) {
            initial[r] = Math.pow(BASE, -2.0 * r / initial.length);
        }
        theta = Registration.parameter(this, "theta", Ops.of(initial, heads, 1, headWidth).to(torch.ScalarType.Float));
    }

    /** What turns rows at some positions: (H, N, d) each. */
    record Turns(Tensor cosine, Tensor sine) {
        /** (B, H, N, d) to (B, H, N, 2d). */
        Tensor apply(Tensor x) {
            return Ops.cat(-1, x.mul(cosine), x.mul(sine));
        }
    }

    /** The turns of {@code count} rows, the first at position {@code first}. */
    Turns at(long first, long count) {
        Tensor positions = torch.arange(new Scalar(first), new Scalar(first + count), theta.options());
        Tensor angle = theta.mul(positions.unsqueeze(-1)); // (H, N, d)
        return new Turns(angle.cos(), angle.sin());
    }
}
