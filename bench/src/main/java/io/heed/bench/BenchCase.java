package io.heed.bench;

/** One thing to measure. Nothing is allocated before {@link #measure} runs, nothing is kept after it. */
public interface BenchCase {
    /** What is measured, e.g. {@code softmax-forward}. */
    String bench();

    /** At what shape, e.g. {@code 1x8x2048x64 causal}. */
    String shape();

    /**
     * Compares the two sides' results, then times them.
     *
     * @throws IllegalStateException when the two sides do not compute the same
     * @throws Unavailable           when the other side cannot be had on this machine
     */
    BenchResult measure() throws Unavailable;
}
