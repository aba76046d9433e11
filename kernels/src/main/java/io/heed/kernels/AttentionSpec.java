package io.heed.kernels;

import java.util.Objects;

/**
 * What one attention computes, apart from its tensors:
 *
 * <pre>
 *   s_ij = scale * q_i . k_j + bias_ij + logitBias       for visible j
 *   P    = normalizer(s),  0 for hidden j
 *   out  = P v
 * </pre>
 *
 * Start from {@link #softmax()} or {@link #sigmoid()} and change what differs with the {@code with} methods.
 *
 * @param normalizer softmax or sigmoid
 * @param scale      factor on q . k; NaN stands for 1 / sqrt(head width)
 * @param logitBias  added to every logit; sigmoid wants -ln n for n keys
 * @param mask       which keys a query sees by position
 * @param padding    which keys exist
 * @param bias       what is added to the logits
 */
public record AttentionSpec(Normalizer normalizer, float scale, float logitBias, Mask mask, KeyPadding padding,
        Bias bias) {
    private static final AttentionSpec SOFTMAX = new AttentionSpec(Normalizer.SOFTMAX, Float.NaN, 0f, Mask.full(),
            KeyPadding.none(), Bias.none());

    public AttentionSpec {
        Objects.requireNonNull(normalizer, "normalizer");
        Objects.requireNonNull(mask, "mask");
        Objects.requireNonNull(padding, "padding");
        Objects.requireNonNull(bias, "bias");
    }

    /** Softmax over all keys, scaled by 1 / sqrt(head width), without bias. */
    public static AttentionSpec softmax() {
        return SOFTMAX;
    }

    /** Sigmoid over all keys, scaled by 1 / sqrt(head width), with logit bias 0. */
    public static AttentionSpec sigmoid() {
        return SOFTMAX.withNormalizer(Normalizer.SIGMOID);
    }

    /** The same with another normaliser. */
    public AttentionSpec withNormalizer(Normalizer normalizer) {
        return new AttentionSpec(normalizer, scale, logitBias, mask, padding, bias);
    }

    /** The same with another factor on q . k. */
    public AttentionSpec withScale(float scale) {
        return new AttentionSpec(normalizer, scale, logitBias, mask, padding, bias);
    }

    /** The same with another constant on every logit. */
    public AttentionSpec withLogitBias(float logitBias) {
        return new AttentionSpec(normalizer, scale, logitBias, mask, padding, bias);
    }

    /** The same with another mask. */
    public AttentionSpec withMask(Mask mask) {
        return new AttentionSpec(normalizer, scale, logitBias, mask, padding, bias);
    }

    /** The same with other keys existing. */
    public AttentionSpec withPadding(KeyPadding padding) {
        return new AttentionSpec(normalizer, scale, logitBias, mask, padding, bias);
    }

    /** The same with another bias. */
    public AttentionSpec withBias(Bias bias) {
        return new AttentionSpec(normalizer, scale, logitBias, mask, padding, bias);
    }

    /** The factor on q . k for heads of {@code width} floats. */
    public float scaleFor(int width) {
        return Float.isNaN(scale) ? (float) (1 / Math.sqrt(width)) : scale;
    }
}
