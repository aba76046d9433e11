package io.heed.sequence.flowformer;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/**
 * How flows are computed.
 *
 * @param causal      whether a sink sees sources up to its own position only
 * @param features    phi
 * @param epsilon     added to every component before flows are computed
 * @param clamp       Ohat is held within plus and minus this: 1 in the paper's core code, 5 in its language models, 10
 *                    in
 *                    reinforcement learning; infinity for no bound, as in its long-range experiments
 * @param competition whether sources compete; without it every source counts 1
 * @param allocation  whether sinks are gated; without it every gate is 1
 */
public record FlowConfig(boolean causal, Features features, double epsilon, double clamp, boolean competition,
                         boolean allocation) {
    /** The feature maps phi. */
    public enum Features {
        /** sigmoid(x). */
        SIGMOID,
        /** relu(x) + 1e-6, as in the paper's long-range experiments. */
        RELU,
        /** elu(x) + 1, to compare with. */
        ELU;

        Tensor of(Tensor x) {
            return switch (this) {
                case SIGMOID -> x.sigmoid();
                case RELU -> Ops.shift(torch.relu(x), 1e-6);
                case ELU -> Ops.shift(torch.elu(x), 1);
            };
        }
    }

    /** @throws IllegalArgumentException for a negative eps or a clamp that is not positive */
    public FlowConfig {
        if (!(epsilon >= 0) || !(clamp > 0)) {
            throw new IllegalArgumentException("eps " + epsilon + " must not be negative and clamp " + clamp
                    + " must be positive");
        }
    }

    /** The paper's core form: sigmoid, eps 1e-6, clamp 1. */
    public static FlowConfig of(boolean causal) {
        return new FlowConfig(causal, Features.SIGMOID, 1e-6, 1, true, true);
    }

    /** The same with another eps. */
    public FlowConfig withEpsilon(double epsilon) {
        return new FlowConfig(causal, features, epsilon, clamp, competition, allocation);
    }

    /** The same with another clamp. */
    public FlowConfig withClamp(double clamp) {
        return new FlowConfig(causal, features, epsilon, clamp, competition, allocation);
    }

    /** The same with other features. */
    public FlowConfig withFeatures(Features features) {
        return new FlowConfig(causal, features, epsilon, clamp, competition, allocation);
    }

    /** The same without competition or allocation or both. */
    public FlowConfig with(boolean competition, boolean allocation) {
        return new FlowConfig(causal, features, epsilon, clamp, competition, allocation);
    }

    /** Ohat within its bounds; the gradient is 0 outside. */
    Tensor clamped(Tensor flow) {
        return Double.isInfinite(clamp) ? flow : flow.clamp(new ScalarOptional(new Scalar(-clamp)),
                new ScalarOptional(new Scalar(clamp)));
    }
}
