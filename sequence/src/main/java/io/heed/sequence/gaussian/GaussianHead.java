package io.heed.sequence.gaussian;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * One head of the library's form along one axis: see the package. Parameters {@code mean_offsets (G)}, at first 0, and
 * {@code c (G)}, at first exp of a standard normal.
 */
final class GaussianHead extends Module {
    private final long axis;
    private final double epsilon;
    private final Double paddingValue;
    private final Densities densities;

    /**
     * @param axis         may be negative, as in libtorch
     * @param paddingValue entries equal to it are padding; null for none
     */
    GaussianHead(long axis, int gaussians, Double paddingValue, double epsilon) {
        super("GaussianHead");
        if (gaussians < 1) {
            throw new IllegalArgumentException("num_gaussians must be at least 1, got " + gaussians);
        }
        this.axis = axis;
        this.epsilon = epsilon;
        this.paddingValue = paddingValue;
        densities = new Densities(Registration.parameter(this, "mean_offsets", torch.zeros(gaussians)),
                Registration.parameter(this, "c", Densities.initialWidths(gaussians)));
    }

    Densities densities() {
        return densities;
    }

    /**
     * What a head gives.
     *
     * @param out     x w, padded entries unchanged; of x's shape
     * @param weights w, of x's shape
     */
    record Result(Tensor out, Tensor weights) { }

    /** @param x of two dimensions or more */
    Result forward(Tensor x) {
        if (x.dim() < 2 || axis >= x.dim() || axis < -x.dim()) {
            throw new IllegalArgumentException("Gaussian attention along axis " + axis + " of " + Ops.shape(x)
                    + ": the input must have at least 2 dimensions and this axis");
        }
        Tensor padded = paddingValue == null ? null : x.eq(new Scalar(paddingValue));
        Tensor counted = padded == null ? x : Ops.fill(x, padded, 0);
        Tensor mean = counted.mean(new long[] {axis}, true, new ScalarTypeOptional());
        Tensor variance = Ops.shift(counted.var(new long[] {axis}, true, true), epsilon);
        Tensor weights = Densities.normalised(densities.product(x.sub(mean), variance), axis, epsilon);
        Tensor scaled = x.mul(weights);
        return new Result(padded == null ? scaled : torch.where(padded, x, scaled), weights);
    }
}
