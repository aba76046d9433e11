package io.heed.sequence.transnormer;

import java.util.Arrays;

import io.heed.sequence.DecayRates;

/**
 * What a {@link NormLinearAttention} is built from.
 *
 * @param width   D; a multiple of the heads
 * @param rates   decay rates s_h, one a head, the layer's factor included: {@link DecayRates}
 * @param bias    whether the projections have biases
 * @param lrpe    whether queries and keys carry the linearised relative position encoding
 * @param gate    whether the output is gated by u; without, the projection has no such part
 * @param norm    the norm of the heads' outputs
 * @param epsilon the norm's
 * @param layers  layers of the model, for the initial scale of the last projection
 */
public record NormLinearConfig(long width, double[] rates, boolean bias, boolean lrpe, boolean gate, ChannelNorm norm,
                               double epsilon, int layers) {
    /** @throws IllegalArgumentException when the width is not a multiple of the heads */
    public NormLinearConfig {
        rates = rates.clone();
        if (rates.length < 1 || width % rates.length != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + rates.length + " heads");
        }
    }

    /** The paper's layer: no biases, gated, SimpleRMSNorm. */
    public static NormLinearConfig of(long width, double[] rates, boolean lrpe) {
        return new NormLinearConfig(width, rates, false, lrpe, true, ChannelNorm.SIMPLE_RMS, ChannelNorm.EPSILON, 1);
    }

    /** H. */
    public int heads() {
        return rates.length;
    }

    /** d = D / H. */
    public long headWidth() {
        return width / rates.length;
    }

    /** Whether any head forgets. */
    public boolean decays() {
        return Arrays.stream(rates).anyMatch(rate -> rate > 0);
    }
}
