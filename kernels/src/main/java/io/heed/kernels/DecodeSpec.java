package io.heed.kernels;

import java.util.Arrays;
import java.util.Objects;

/**
 * What one decoding step computes, apart from its tensors. The query of sequence b stands at the last of its n_b cached
 * positions and sees all of them:
 *
 * <pre>
 *   s_j = scale * q . k_j + slope_h * (j - (n_b - 1)) + logitBias
 *   out = sum_j P_j v_j,  P = normalizer(s)
 * </pre>
 *
 * Start from {@link #softmax()} or {@link #sigmoid()} and change what differs with the {@code with} methods.
 *
 * @param normalizer softmax or sigmoid
 * @param scale      factor on q . k; NaN stands for 1 / sqrt(head width)
 * @param logitBias  added to every logit
 * @param lengths    n_b, cached positions of each sequence; empty when all of the cache is filled
 * @param slopes     ALiBi's slope of each query head; empty for none
 */
public record DecodeSpec(Normalizer normalizer, float scale, float logitBias, int[] lengths, float[] slopes) {
    private static final DecodeSpec SOFTMAX = new DecodeSpec(Normalizer.SOFTMAX, Float.NaN, 0, new int[0],
            new float[0]);

    public DecodeSpec {
        Objects.requireNonNull(normalizer, "normalizer");
        lengths = lengths.clone();
        slopes = slopes.clone();
    }

    /** Softmax over the whole cache, scaled by 1 / sqrt(head width). */
    public static DecodeSpec softmax() {
        return SOFTMAX;
    }

    /** Sigmoid over the whole cache, scaled by 1 / sqrt(head width), with logit bias 0. */
    public static DecodeSpec sigmoid() {
        return new DecodeSpec(Normalizer.SIGMOID, Float.NaN, 0, new int[0], new float[0]);
    }

    /** The same with another factor on q . k. */
    public DecodeSpec withScale(float scale) {
        return new DecodeSpec(normalizer, scale, logitBias, lengths, slopes);
    }

    /** The same with another constant on every logit. */
    public DecodeSpec withLogitBias(float logitBias) {
        return new DecodeSpec(normalizer, scale, logitBias, lengths, slopes);
    }

    /** The same with only the first {@code lengths[b]} positions of each sequence cached. */
    public DecodeSpec withLengths(int... lengths) {
        return new DecodeSpec(normalizer, scale, logitBias, lengths, slopes);
    }

    /** The same with ALiBi. */
    public DecodeSpec withSlopes(float... slopes) {
        return new DecodeSpec(normalizer, scale, logitBias, lengths, slopes);
    }

    /** A copy of the lengths. */
    @Override
    public int[] lengths() {
        return lengths.clone();
    }

    /** A copy of the slopes. */
    @Override
    public float[] slopes() {
        return slopes.clone();
    }

    /** The factor on q . k for heads of {@code width} floats. */
    float scaleFor(int width) {
        return Float.isNaN(scale) ? (float) (1 / Math.sqrt(width)) : scale;
    }

    float slope(int head) {
        return slopes.length == 0 ? 0 : slopes[head];
    }

    int length(int b, int capacity) {
        return lengths.length == 0 ? capacity : lengths[b];
    }

    void check(int batch, int heads, int capacity) {
        if (lengths.length > 0) {
            Arguments.equal("lengths", lengths.length, batch);
        }
        for (int length : lengths) {
            Arguments.range("length", length, 0, capacity);
        }
        if (slopes.length > 0) {
            Arguments.equal("slopes", slopes.length, heads);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof DecodeSpec that && normalizer == that.normalizer
                && Float.compare(scale, that.scale) == 0 && logitBias == that.logitBias
                && Arrays.equals(lengths, that.lengths) && Arrays.equals(slopes, that.slopes);
    }

    @Override
    public int hashCode() {
        return Objects.hash(normalizer, scale, logitBias, Arrays.hashCode(lengths), Arrays.hashCode(slopes));
    }

    @Override
    public String toString() {
        return "DecodeSpec[normalizer=" + normalizer + ", scale=" + scale + ", logitBias=" + logitBias + ", lengths="
                + Arrays.toString(lengths) + ", slopes=" + Arrays.toString(slopes) + "]";
    }
}
