package io.heed.kernels;

import java.lang.foreign.MemorySegment;

/** Which keys of each sequence exist; the others are hidden from every query, on top of the {@link Mask}. */
public sealed interface KeyPadding {
    /** All keys exist. */
    record None() implements KeyPadding { }

    /**
     * The first lengths[b] keys of sequence b exist.
     *
     * @param lengths one a sequence, 0 to Nk
     */
    record Lengths(int[] lengths) implements KeyPadding {
        public Lengths {
            lengths = lengths.clone();
        }

        /** A copy of the lengths. */
        @Override
        public int[] lengths() {
            return lengths.clone();
        }
    }

    /**
     * Key j of sequence b exists where byte b * Nk + j is not 0.
     *
     * @param exists (B, Nk) bytes
     */
    record Flags(MemorySegment exists) implements KeyPadding { }

    /** All keys exist. */
    static KeyPadding none() {
        return new None();
    }

    /** The first {@code lengths[b]} keys of sequence b exist. */
    static KeyPadding lengths(int... lengths) {
        return new Lengths(lengths);
    }

    /** Any pattern, as (B, Nk) bytes. */
    static KeyPadding flags(MemorySegment exists) {
        return new Flags(exists);
    }
}
