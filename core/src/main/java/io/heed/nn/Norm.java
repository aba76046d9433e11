package io.heed.nn;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** A norm over the last dimension with a weight per channel: (..., D) to (..., D). */
public abstract sealed class Norm extends Module permits Norm.Layer, Norm.Rms {
    final long[] shape;
    final double epsilon;
    final Tensor weight;

    private Norm(String name, long width, double epsilon) {
        super(name);
        this.shape = new long[] {width};
        this.epsilon = epsilon;
        this.weight = Registration.parameter(this, "weight", torch.ones(width));
    }

    /** Normalises every row. */
    public abstract Tensor forward(Tensor x);

    /** LayerNorm: (x - mean) / sqrt(var + eps) * weight + bias. Parameters {@code weight}, {@code bias} (D). */
    public static final class Layer extends Norm {
        private final Tensor bias;

        /** With eps 1e-5. */
        public Layer(long width) {
            this(width, 1e-5);
        }

        public Layer(long width, double epsilon) {
            this(width, epsilon, true);
        }

        /** @param bias whether there is one; without it the norm has {@code weight} alone */
        public Layer(long width, double epsilon, boolean bias) {
            super("LayerNorm", width, epsilon);
            this.bias = bias ? Registration.parameter(this, "bias", torch.zeros(width)) : null;
        }

        @Override
        public Tensor forward(Tensor x) {
            return torch.layer_norm(x, shape, new TensorOptional(weight),
                    bias == null ? new TensorOptional() : new TensorOptional(bias), epsilon, false);
        }
    }

    /** RMSNorm: x / sqrt(mean(x^2) + eps) * weight. Parameter {@code weight} (D). */
    public static final class Rms extends Norm {
        /** With eps 1e-5. */
        public Rms(long width) {
            this(width, 1e-5);
        }

        public Rms(long width, double epsilon) {
            super("RMSNorm", width, epsilon);
        }

        @Override
        public Tensor forward(Tensor x) {
            return torch.rms_norm(x, shape, new TensorOptional(weight), new DoubleOptional(epsilon));
        }
    }
}
