package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;

/**
 * A linear map into or out of heads. Parameters {@code kernel}: (D, H, d) or (H, d, D), and, if asked, {@code bias}:
 * (H, d) or (D).
 */
final class DenseGeneral extends Module {
    private final Tensor kernel;
    private final Tensor bias;

    private DenseGeneral(double deviation, long[] shape, long[] biasShape) {
        super("DenseGeneral");
        kernel = Registration.parameter(this, "kernel", Initialisation.truncatedNormal(torch.empty(shape), deviation));
        bias = biasShape == null ? null : Registration.parameter(this, "bias", torch.zeros(biasShape));
    }

    /** Into heads. */
    static DenseGeneral toHeads(double deviation, long width, long heads, long headWidth, boolean bias) {
        return new DenseGeneral(deviation, new long[] {width, heads, headWidth},
                bias ? new long[] {heads, headWidth} : null);
    }

    /** Out of heads. */
    static DenseGeneral fromHeads(double deviation, long heads, long headWidth, long width, boolean bias) {
        return new DenseGeneral(deviation, new long[] {heads, headWidth, width}, bias ? new long[] {width} : null);
    }

    Tensor kernel() {
        return kernel;
    }

    /** (B, N, D) to (B, H, N, d). */
    Tensor toHeads(Tensor x) {
        Tensor y = x.matmul(kernel.flatten(1, 2));
        return (bias == null ? y : y.add(bias.flatten())).unflatten(-1, kernel.size(1), kernel.size(2))
                .transpose(1, 2);
    }

    /** (B, H, N, d) to (B, N, D). */
    Tensor fromHeads(Tensor heads) {
        Tensor y = heads.transpose(1, 2).flatten(2, 3).matmul(kernel.flatten(0, 1));
        return bias == null ? y : y.add(bias);
    }
}
