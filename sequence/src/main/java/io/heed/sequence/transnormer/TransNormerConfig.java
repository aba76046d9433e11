package io.heed.sequence.transnormer;

import java.util.Set;

import io.heed.sequence.DecayRates;

/**
 * What a {@link TransNormerLlm} is built from.
 *
 * @param vocabulary V
 * @param layers     L
 * @param heads      H
 * @param width      D
 * @param hidden     hidden width of the channel mixers ({@code glu_dim})
 * @param bias       whether linear maps have biases
 * @param lrpeLayers layers with the linearised relative position encoding, from 0
 * @param tied       whether the head is the embedding
 * @param embedScale embeddings are multiplied by it; the released models take sqrt(D)
 * @param decay      whether heads forget
 * @param gate       whether token mixers are gated
 * @param norm       all norms
 * @param epsilon    the norms'
 */
public record TransNormerConfig(int vocabulary, int layers, int heads, long width, long hidden, boolean bias,
                                Set<Integer> lrpeLayers, boolean tied, double embedScale, boolean decay, boolean gate,
                                ChannelNorm norm, double epsilon) {
    /** @throws IllegalArgumentException for sizes that are not positive or a layer that does not exist */
    public TransNormerConfig {
        lrpeLayers = Set.copyOf(lrpeLayers);
        if (vocabulary < 1 || layers < 1 || hidden < 1) {
            throw new IllegalArgumentException("vocabulary " + vocabulary + ", layers " + layers + " and glu_dim "
                    + hidden
                    + " must be at least 1");
        }
        for (int layer : lrpeLayers) {
            if (layer < 0 || layer >= layers) {
                throw new IllegalArgumentException("LRPE in layer " + layer + ": there are layers 0 to "
                        + (layers - 1));
            }
        }
    }

    /**
     * The paper's model: LRPE in the first layer, decay in all, gated, a tied head, a hidden width of 2D, no biases.
     */
    public static TransNormerConfig of(int vocabulary, int layers, int heads, long width) {
        return new TransNormerConfig(vocabulary, layers, heads, width, 2 * width, false, Set.of(0), true, 1, true, true,
                ChannelNorm.SIMPLE_RMS, ChannelNorm.EPSILON);
    }

    /** The released 385M model's shape: 64000 tokens, 24 layers of 1024 in 8 heads, glu_dim 2816, an untied head. */
    public static TransNormerConfig released385M() {
        return new TransNormerConfig(64_000, 24, 8, 1024, 2816, false, Set.of(0), false, Math.sqrt(1024), true, true,
                ChannelNorm.SIMPLE_RMS, ChannelNorm.EPSILON);
    }

    /** The same with LRPE in other layers. */
    public TransNormerConfig withLrpe(Set<Integer> layersWith) {
        return new TransNormerConfig(vocabulary, layers, heads, width, hidden, bias, layersWith, tied, embedScale,
                decay,
                gate, norm, epsilon);
    }

    /** The same with or without forgetting. */
    public TransNormerConfig withDecay(boolean forgets) {
        return new TransNormerConfig(vocabulary, layers, heads, width, hidden, bias, lrpeLayers, tied, embedScale,
                forgets,
                gate, norm, epsilon);
    }

    /** The same with or without gates. */
    public TransNormerConfig withGate(boolean gated) {
        return new TransNormerConfig(vocabulary, layers, heads, width, hidden, bias, lrpeLayers, tied, embedScale,
                decay,
                gated, norm, epsilon);
    }

    /** The same with another norm. */
    public TransNormerConfig withNorm(ChannelNorm other) {
        return new TransNormerConfig(vocabulary, layers, heads, width, hidden, bias, lrpeLayers, tied, embedScale,
                decay,
                gate, other, epsilon);
    }

    /** The same with another hidden width. */
    public TransNormerConfig withHidden(long other) {
        return new TransNormerConfig(vocabulary, layers, heads, width, other, bias, lrpeLayers, tied, embedScale, decay,
                gate, norm, epsilon);
    }

    /** The token mixer of layer {@code layer}. */
    NormLinearConfig mixer(int layer) {
        return new NormLinearConfig(width, decay ? DecayRates.of(heads, layer, layers) : DecayRates.none(heads), bias,
                lrpeLayers.contains(layer), gate, norm, epsilon, layers);
    }
}
