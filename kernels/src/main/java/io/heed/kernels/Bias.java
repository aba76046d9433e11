package io.heed.kernels;

import java.lang.foreign.MemorySegment;

/**
 * What is added to the scaled logits. The position-dependent ones use the distance j - (i + offset) from query i to
 * key j, with {@link Mask}'s convention for the offset.
 */
public sealed interface Bias {
    /** Nothing. */
    record None() implements Bias { }

    /**
     * Attention with linear biases in signed form: slopes[h] * (j - i - offset), which falls with distance for keys in
     * the past (Press et al., "Train Short, Test Long", ICLR 2022).
     *
     * @param slopes one a query head
     */
    record Alibi(float[] slopes, int offset) implements Bias {
        public Alibi {
            slopes = slopes.clone();
        }

        /** A copy of the slopes. */
        @Override
        public float[] slopes() {
            return slopes.clone();
        }
    }

    /**
     * table[h][clamp(j - i - offset, -left, right) + left]: a learned value for each head and distance.
     *
     * @param table float32, (H, left + 1 + right), contiguous
     * @param left  farthest distance into the past that has a value of its own
     * @param right farthest distance into the future that has a value of its own
     */
    record RelativeTable(MemorySegment table, int left, int right, int offset) implements Bias {
        /** @throws IllegalArgumentException when a reach is negative */
        public RelativeTable {
            if (left < 0 || right < 0) {
                throw new IllegalArgumentException("relative table: reaches must not be negative, got left " + left
                        + ", right " + right);
            }
        }

        /** Values a head: left + 1 + right. */
        public int width() {
            return left + 1 + right;
        }
    }

    /**
     * values[b][h][i][j]: a view (B or 1, H or 1, Nq, Nk); one sequence or one head serves all. -infinity hides a key.
     */
    record Dense(Rows values) implements Bias { }

    /** Nothing. */
    static Bias none() {
        return new None();
    }

    /** ALiBi with the starts aligned. */
    static Bias alibi(float... slopes) {
        return new Alibi(slopes, 0);
    }

    /** A relative table with the starts aligned. */
    static Bias relative(MemorySegment table, int left, int right) {
        return new RelativeTable(table, left, right, 0);
    }

    /** A dense bias. */
    static Bias dense(Rows values) {
        return new Dense(values);
    }
}
