package io.heed.inference.model;

/**
 * How rotary frequencies are stretched for contexts longer than those of pretraining, as HuggingFace defines the types.
 */
public sealed interface RopeScaling {
    /** Not at all. */
    record None() implements RopeScaling { }

    /** Every frequency divided by {@code factor} (position interpolation). */
    record Linear(double factor) implements RopeScaling { }

    /** The base grows with the sequence once it is longer than {@code original} (dynamic NTK). */
    record Dynamic(double factor, int original) implements RopeScaling { }

    /**
     * High frequencies kept, low ones divided by {@code factor}, a ramp between them over the pairs that turn
     * {@code betaFast} to {@code betaSlow} times within {@code original} positions; queries and keys grow by
     * {@code attentionFactor} (YaRN, arXiv 2309.00071).
     */
    record Yarn(double factor, int original, double betaFast, double betaSlow, double attentionFactor, boolean truncate)
            implements RopeScaling { }

    /**
     * Llama 3.1: wavelengths above {@code original / low} divided by {@code factor}, below {@code original / high}
     * kept.
     */
    record Llama3(double factor, double low, double high, int original) implements RopeScaling { }
}
