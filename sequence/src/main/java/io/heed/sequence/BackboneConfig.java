package io.heed.sequence;

import java.util.List;
import java.util.Map;

/**
 * What a {@link Backbone} is built from.
 *
 * @param width         D, channels
 * @param layers        blocks
 * @param heads         H, heads of each mixer
 * @param keyValueHeads heads of keys and values
 * @param length        longest training sequence
 * @param hidden        hidden width of the MLPs; 0 for none
 * @param norm          the norm before mixers and MLPs, and at the end
 * @param mlp           the MLP
 * @param dropout       dropout probability on embeddings and branch outputs in training
 * @param causal        whether outputs must not depend on later inputs
 * @param mixers        the mixer of each layer, taken in turn: layer l has {@code mixers[l mod count]}
 */
public record BackboneConfig(long width, int layers, int heads, int keyValueHeads, long length, long hidden,
        NormKind norm,
                             MlpKind mlp, double dropout, boolean causal, List<MixerSpec> mixers) {

    /** The norms. */
    public enum NormKind { LAYER_NORM, RMS_NORM }

    /** The MLPs: fc2(gelu(fc1 x)), or down(silu(gate x) * up x). */
    public enum MlpKind { GELU, SWIGLU }

    /** @throws IllegalArgumentException for sizes that do not fit each other, or no mixer */
    public BackboneConfig {
        mixers = List.copyOf(mixers);
        if (mixers.isEmpty()) {
            throw new IllegalArgumentException("a backbone needs at least one mixer");
        }
        if (hidden < 0) {
            throw new IllegalArgumentException("MLP hidden width " + hidden + " is negative");
        }
        if (dropout < 0 || dropout >= 1) {
            throw new IllegalArgumentException("dropout " + dropout + " is not within [0, 1)");
        }
        // the mixers' own checks cover the rest: see MixerConfig
        new MixerConfig(width, heads, keyValueHeads, 0, layers, length, causal, 0, Map.of());
    }

    /** A causal stack of one mixer: LayerNorm, GELU, hidden width 4D, D/32 heads (at least 1), no dropout. */
    public static BackboneConfig of(String mixer, long width, int layers, long length) {
        int heads = (int) Math.max(1, width / 32);
        return new BackboneConfig(width, layers, heads, heads, length, 4 * width, NormKind.LAYER_NORM, MlpKind.GELU, 0,
                true, List.of(MixerSpec.parse(mixer)));
    }

    /** The same with another MLP hidden width. */
    public BackboneConfig withHidden(long hidden) {
        return new BackboneConfig(width, layers, heads, keyValueHeads, length, hidden, norm, mlp, dropout, causal,
                mixers);
    }

    /** The same with other mixers. */
    public BackboneConfig withMixers(List<MixerSpec> mixers) {
        return new BackboneConfig(width, layers, heads, keyValueHeads, length, hidden, norm, mlp, dropout, causal,
                mixers);
    }

    /** The config of the mixer in layer {@code layer}. */
    public MixerConfig mixerConfig(int layer) {
        return new MixerConfig(width, heads, keyValueHeads, layer, layers, length, causal, dropout,
                mixers.get(layer % mixers.size()).options());
    }
}
