package io.heed.sequence;

import java.util.Map;

/**
 * What a mixer is built from: its place in the backbone, and its own options.
 *
 * @param width         D, channels
 * @param heads         H, heads; must divide the width
 * @param keyValueHeads heads of keys and values; must divide the heads (grouped heads), equal to them where not grouped
 * @param layer         index of the layer that the mixer stands in, from 0
 * @param layers        layers in all
 * @param length        longest training sequence, which some mixers' constants depend on
 * @param causal        whether outputs must not depend on later inputs
 * @param dropout       probability of dropping an attention weight (or the mixer's like of it) in training
 * @param options       the mixer's own options by name, as text; {@link MixerOptions} reads them
 */
public record MixerConfig(long width, int heads, int keyValueHeads, int layer, int layers, long length, boolean causal,
                          double dropout, Map<String, String> options) {

    /** @throws IllegalArgumentException for sizes that do not fit each other */
    public MixerConfig {
        check(width > 0 && heads > 0 && keyValueHeads > 0 && layers > 0 && length > 0,
                "width, heads, key/value heads, layers and length must be positive");
        check(width % heads == 0, "width " + width + " is not a multiple of " + heads + " heads");
        check(heads % keyValueHeads == 0, heads + " heads are not a multiple of " + keyValueHeads + " key/value heads");
        check(layer >= 0 && layer < layers, "layer " + layer + " is not among " + layers + " layers");
        check(dropout >= 0 && dropout < 1, "dropout " + dropout + " is not within [0, 1)");
        options = Map.copyOf(options);
    }

    /** One causal layer of a model with 1024 positions, no dropout, no options. */
    public static MixerConfig of(long width, int heads) {
        return new MixerConfig(width, heads, heads, 0, 1, 1024, true, 0, Map.of());
    }

    /** d = D / H. */
    public long headWidth() {
        return width / heads;
    }

    /** The same with fewer key/value heads. */
    public MixerConfig withKeyValueHeads(int keyValueHeads) {
        return new MixerConfig(width, heads, keyValueHeads, layer, layers, length, causal, dropout, options);
    }

    /** The same at another place of the stack. */
    public MixerConfig atLayer(int layer, int layers) {
        return new MixerConfig(width, heads, keyValueHeads, layer, layers, length, causal, dropout, options);
    }

    /** The same for another training length. */
    public MixerConfig withLength(long length) {
        return new MixerConfig(width, heads, keyValueHeads, layer, layers, length, causal, dropout, options);
    }

    /** The same, causal or not. */
    public MixerConfig withCausal(boolean causal) {
        return new MixerConfig(width, heads, keyValueHeads, layer, layers, length, causal, dropout, options);
    }

    /** The same with other options. */
    public MixerConfig withOptions(Map<String, String> options) {
        return new MixerConfig(width, heads, keyValueHeads, layer, layers, length, causal, dropout, options);
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
