package io.heed.sequence;

import java.util.Arrays;

import io.heed.nn.Alibi;

/** How fast each head of each layer forgets. */
public final class DecayRates {
    /** What the last layer keeps of its slope. */
    private static final double LAST = 1e-5;

    private DecayRates() { }

    /**
     * s_h (1 - l / (L-1) + 1e-5): ALiBi's slopes, less from layer to layer. The only layer of a model of one counts as
     * the first.
     */
    public static double[] of(int heads, int layer, int layers) {
        if (layer < 0 || layer >= layers) {
            throw new IllegalArgumentException("layer " + layer + " is not among " + layers + " layers");
        }
        double factor = 1 - layer / (double) Math.max(1, layers - 1) + LAST;
        return Arrays.stream(Alibi.slopes(heads)).map(slope -> slope * factor).toArray();
    }

    /** No decay. */
    public static double[] none(int heads) {
        return new double[heads];
    }
}
