package io.heed.sequence.transnormer;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** A norm over the last dimension without parameters. */
public enum ChannelNorm {
    /** x / sqrt(mean(x^2) + eps): the paper's SimpleRMSNorm. Half precision is computed in float32. */
    SIMPLE_RMS {
        @Override
        public Tensor apply(Tensor x, double epsilon) {
            return torch.rms_norm(x, new long[] {x.size(-1)}, new TensorOptional(), new DoubleOptional(epsilon));
        }
    },
    /** (x - mean) / sqrt(var + eps): what the paper replaced, for comparison. */
    LAYER {
        @Override
        public Tensor apply(Tensor x, double epsilon) {
            return torch.layer_norm(x, new long[] {x.size(-1)}, new TensorOptional(), new TensorOptional(), epsilon,
                    false);
        }
    };

    /** The paper's eps. */
    public static final double EPSILON = 1e-6;

    /** Normalises every row of (..., D). */
    public abstract Tensor apply(Tensor x, double epsilon);
}
