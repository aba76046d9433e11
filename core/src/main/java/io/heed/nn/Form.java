package io.heed.nn;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.tensor.Ops;

/** Which of two equal computations of a mechanism runs. */
public enum Form {
    /** The fused kernel wherever it can run (float32 on the CPU), else the composed form. */
    AUTO,
    /** The composed form: libtorch operations that read like the paper's equations, on any device and type. */
    REFERENCE,
    /** The fused kernel, or an error where it cannot run. */
    FUSED;

    /**
     * Whether the fused kernel runs on {@code x}.
     *
     * @throws IllegalArgumentException when the form is {@link #FUSED} and {@code x} is not float32 on the CPU
     */
    public boolean isFused(Tensor x) {
        boolean possible = x.is_cpu() && Ops.type(x) == ScalarType.Float;
        if (this == FUSED && !possible) {
            throw new IllegalArgumentException("the fused form needs float32 tensors on the CPU, got " + Ops.type(x)
                    + " on " + x.device().str().getString() + ": use the form AUTO or REFERENCE");
        }
        return this != REFERENCE && possible;
    }
}
