package io.heed.sequence.based;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.SequenceMixer;

/** Which of BASED's layers stands where, and how each is built for a backbone. */
final class BasedMixers {
    /** Layers after which the pattern of the paper's 360M model begins again. */
    private static final int PERIOD = 5;

    /** The layers. */
    enum Part { HYBRID, TAYLOR, WINDOW, CONV }

    private BasedMixers() { }

    /**
     * The layer that the option {@code part} names; {@code hybrid} takes them in turn.
     *
     * @throws IllegalArgumentException for a non-causal or grouped configuration, or an option's value that does not
     * fit
     */
    static SequenceMixer of(MixerConfig config) {
        if (!config.causal()) {
            throw new IllegalArgumentException("based reads from left to right: it is causal only");
        }
        if (config.keyValueHeads() != config.heads()) {
            throw new IllegalArgumentException("based has no grouped heads: key/value heads must be " + config.heads()
                    + ", got " + config.keyValueHeads());
        }
        MixerOptions options = MixerOptions.of(config);
        Part part = options.choice("part", Part.class, Part.HYBRID);
        return switch (part == Part.HYBRID ? at(config.layer(), config.layers()) : part) {
            case TAYLOR, HYBRID -> new TaylorLinearAttention(TaylorLinearAttention.Config.of(config.width(),
                    config.heads(),
                    options.integer("feature", 16), config.layers())
                    .withMap(options.choice("map", FeatureMap.class, FeatureMap.TAYLOR)));
            case WINDOW -> new SlidingAttention(new SlidingAttention.Config(config.width(), config.heads(),
                    options.integer("window", 128) / 2,
                    options.flag("rotary", true) ? config.headWidth() / 2 * 2 : 0, false, config.layers()));
            case CONV -> new GatedConvolution(new GatedConvolution.Config(config.width(), 2 * config.width(),
                    options.integer("kernel", 3), true, false, config.layers()));
        };
    }

    /**
     * Linear attention in layers 1, 6, 11 and so on, the window in the layer after each. A last layer 6, 11, 16 is a
     * convolution, as in the paper's 27 layers; a model of one layer is linear.
     */
    static Part at(int layer, int layers) {
        if (layers == 1) {
            return Part.TAYLOR;
        }
        return switch (layer % PERIOD) {
            case 1 -> layer == 1 || layer + 1 < layers ? Part.TAYLOR : Part.CONV;
            case 2 -> Part.WINDOW;
            default -> Part.CONV;
        };
    }

    static void requireOwnSequence(MixerContext context) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException("based attends to its own sequence, not to a memory");
        }
    }
}
