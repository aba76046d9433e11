package io.heed.sequence.combiner;

import java.util.Locale;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerOptions;

/**
 * What a {@link CombinerAttention} is built from.
 *
 * @param width     D
 * @param heads     H
 * @param layout    which keys are exact and how the others are grouped
 * @param segment   S
 * @param causal    whether outputs must not depend on later inputs; the log-sparse layout is causal only
 * @param summaries whether groups are attended to; without, the fixed layout has the own segment alone and the
 *                  log-sparse one the
 *                  tokens 2^l before: the sparse partners that the groups are judged by
 * @param levels    how many levels the log-sparse layout has
 * @param activation what a group's queries and keys go through before they become one, in these two layouts
 * @param pooling   how they become one, in these two layouts
 * @param running   how the axial mixture's queries and keys become one
 * @param bias      whether projections have biases, as the TensorFlow code can have them
 * @param epsilon   of the row-major layout's norm
 * @param layers    layers of the model, for the initial scale of the last projection
 */
public record CombinerConfig(long width, int heads, Layout layout, int segment, boolean causal, boolean summaries,
                             Levels levels, Activation activation, Pooling pooling, Running running, boolean bias,
                             double epsilon, int layers) {
    /** Which keys are exact and how the others are grouped. */
    public enum Layout { FIXED, LOG_SPARSE, AXIAL_MIXTURE, AXIAL_ROW_MAJOR }

    /** How many levels the log-sparse layout has for N tokens. */
    public enum Levels {
        /** ceil(log2 N): every token sees all before it. */
        EXACT,
        /** ceil(log2(N - 1)), as published: one short for N = 2^m + 1. */
        PUBLISHED;

        int of(long length) {
            long most = this == EXACT ? length : length - 1;
            return most <= 1 ? 0 : 64 - Long.numberOfLeadingZeros(most - 1);
        }
    }

    /** @throws IllegalArgumentException for sizes or options that do not go together */
    public CombinerConfig {
        if (heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
        if (segment < 1) {
            throw new IllegalArgumentException("segment " + segment + " must be at least 1");
        }
        if (!causal && layout == Layout.LOG_SPARSE) {
            throw new IllegalArgumentException("combiner's layout " + name(layout)
                    + " is causal only: take layout=fixed, axial-mixture or axial-row-major");
        }
        if (!summaries && layout != Layout.FIXED && layout != Layout.LOG_SPARSE) {
            throw new IllegalArgumentException("combiner's layout " + name(layout)
                    + " has no sparse partner without summaries");
        }
        if (!summaries && !causal) {
            throw new IllegalArgumentException("without summaries a segment never sees the others: only for causal"
                    + " attention");
        }
    }

    /** d = D / H. */
    long headWidth() {
        return width / heads;
    }

    private static String name(Layout layout) {
        return layout.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** For a backbone: segments of sqrt(N) for the training length N. */
    static CombinerConfig of(MixerConfig config) {
        if (config.keyValueHeads() != config.heads()) {
            throw new IllegalArgumentException("combiner has no grouped heads: key/value heads must be "
                    + config.heads()
                    + ", got " + config.keyValueHeads());
        }
        MixerOptions options = MixerOptions.of(config);
        return new CombinerConfig(config.width(), config.heads(), options.choice("layout", Layout.class, Layout.FIXED),
                options.integer("segment", (int) Math.max(1, Math.round(Math.sqrt(config.length())))), config.causal(),
                options.flag("summaries", true), options.choice("levels", Levels.class, Levels.EXACT),
                options.choice("activation", Activation.class, Activation.IDENTITY),
                options.choice("pooling", Pooling.class, Pooling.MAX),
                options.choice("running", Running.class, config.causal() ? Running.MAX : Running.SUM),
                options.flag("bias", false), CombinerAttention.EPSILON, config.layers());
    }
}
