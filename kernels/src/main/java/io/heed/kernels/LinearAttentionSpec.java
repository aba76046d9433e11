package io.heed.kernels;

import java.util.Arrays;
import java.util.Objects;

/**
 * What one linear attention computes, apart from its tensors. Start from {@link #ofCausal(float...)} or
 * {@link #ofFull()} and change what differs with the {@code with} methods.
 *
 * @param causal  whether a query sees only its own position and those before
 * @param decays  s_h, one a head: a key t - j positions back counts exp(-s_h (t - j)); empty for no decay. Causal only
 * @param scale   factor on q . k
 * @param padding which keys exist; the others contribute nothing, whatever they hold
 * @param chunk   positions handled at once, 1 to {@value #LONGEST_CHUNK}; 0 lets the head width choose. It changes
 *                speed and rounding, nothing else
 */
public record LinearAttentionSpec(boolean causal, float[] decays, float scale, KeyPadding padding, int chunk) {
    private static final int LONGEST_CHUNK = 1024;

    /** @throws IllegalArgumentException when a decay or the chunk is out of range, or decay comes without causality */
    public LinearAttentionSpec {
        Objects.requireNonNull(padding, "padding");
        decays = decays.clone();
        for (int h = 0; h < decays.length; h++) {
            if (!(decays[h] >= 0) || Float.isInfinite(decays[h])) {
                throw new IllegalArgumentException("decays[" + h + "] is " + decays[h]
                        + ", must be finite and at least 0");
            }
        }
        if (!causal && decays.length > 0) {
            throw new IllegalArgumentException("decays: got " + decays.length
                    + ", must be 0 in full attention, which has no order to decay along");
        }
        Arguments.range("chunk", chunk, 0, LONGEST_CHUNK);
    }

    /** Causal, without scale; no decays given means none. */
    public static LinearAttentionSpec ofCausal(float... decays) {
        return new LinearAttentionSpec(true, decays, 1, KeyPadding.none(), 0);
    }

    /** Every query sees every key; without scale. */
    public static LinearAttentionSpec ofFull() {
        return new LinearAttentionSpec(false, new float[0], 1, KeyPadding.none(), 0);
    }

    /** A copy of the decays. */
    @Override
    public float[] decays() {
        return decays.clone();
    }

    /** The same with another factor on q . k. */
    public LinearAttentionSpec withScale(float scale) {
        return new LinearAttentionSpec(causal, decays, scale, padding, chunk);
    }

    /** The same with other keys existing. */
    public LinearAttentionSpec withPadding(KeyPadding padding) {
        return new LinearAttentionSpec(causal, decays, scale, padding, chunk);
    }

    /** The same with another chunk. */
    public LinearAttentionSpec withChunk(int chunk) {
        return new LinearAttentionSpec(causal, decays, scale, padding, chunk);
    }

    /** s of one head; 0 without decay. */
    float decay(int head) {
        return decays.length == 0 ? 0 : decays[head];
    }

    void check(int batch, int heads, int rows) {
        if (decays.length > 0) {
            Arguments.equal("decays", decays.length, heads);
        }
        switch (padding) {
            case KeyPadding.None none -> { }
            case KeyPadding.Lengths given -> {
                int[] lengths = given.lengths();
                Arguments.equal("padding lengths", lengths.length, batch);
                for (int length : lengths) {
                    Arguments.range("padding length", length, 0, rows);
                }
            }
            case KeyPadding.Flags flags -> {
                long bytes = flags.exists().byteSize();
                if (bytes < (long) batch * rows) {
                    throw new IllegalArgumentException("padding flags hold " + bytes + " bytes, must hold "
                            + (long) batch * rows);
                }
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LinearAttentionSpec that && causal == that.causal && Arrays.equals(decays, that.decays)
                && scale == that.scale && padding.equals(that.padding) && chunk == that.chunk;
    }

    @Override
    public int hashCode() {
        return Objects.hash(causal, Arrays.hashCode(decays), scale, padding, chunk);
    }

    @Override
    public String toString() {
        return "LinearAttentionSpec[causal=" + causal + ", decays=" + Arrays.toString(decays) + ", scale=" + scale
                + ", padding=" + padding + ", chunk=" + chunk + "]";
    }
}
