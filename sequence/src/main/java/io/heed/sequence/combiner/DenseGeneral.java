package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;

/** A linear map into or out of heads without a bias. Parameter {@code kernel}: (D, H, d) or (H, d, D). */
final class DenseGeneral extends Module {
    private final Tensor kernel;

    DenseGeneral(double deviation, long... shape) {
        super("DenseGeneral");
        kernel = Registration.parameter(this, "kernel", Initialisation.truncatedNormal(torch.empty(shape), deviation));
    }

    /** (B, N, D) to (B, H, N, d). */
    Tensor toHeads(Tensor x) {
        return x.matmul(kernel.flatten(1, 2)).unflatten(-1, kernel.size(1), kernel.size(2)).transpose(1, 2);
    }

    /** (B, H, N, d) to (B, N, D). */
    Tensor fromHeads(Tensor heads) {
        return heads.transpose(1, 2).flatten(2, 3).matmul(kernel.flatten(0, 1));
    }
}
