package io.heed.sequence.cab;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;

/**
 * An attention of the benchmark: queries from one sequence, keys and values from the same or another.
 *
 * <p>Parameters {@code q_proj}, {@code k_proj}, {@code v_proj}, {@code out_proj}: {@code .weight (D, D)},
 * {@code .bias (D)}, unless the authors call them otherwise.
 */
abstract class BenchmarkAttention extends SequenceMixer {
    /**
     * Widths and patterns.
     *
     * @param width   D
     * @param heads   H
     * @param causal  whether outputs must not depend on later queries
     * @param dropout probability of dropping a weight in training
     * @param layers  of the model, for the initial scale of the last projection
     */
    record Sizes(long width, int heads, boolean causal, double dropout, int layers) {
        /** @throws IllegalArgumentException when the width is not a multiple of the heads */
        Sizes {
            if (heads < 1 || width % heads != 0) {
                throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
            }
        }

        /** @throws IllegalArgumentException for grouped heads */
        static Sizes of(MixerConfig config, String id) {
            if (config.keyValueHeads() != config.heads()) {
                throw new IllegalArgumentException(id + " has no grouped heads: key/value heads must be "
                        + config.heads()
                        + ", got " + config.keyValueHeads());
            }
            return new Sizes(config.width(), config.heads(), config.causal(), config.dropout(),
                    config.layers());
        }

        long headWidth() {
            return width / heads;
        }
    }

    /**
     * One call in heads.
     *
     * @param q       (B, H, n, d)
     * @param k       (B, H, m, d)
     * @param v       (B, H, m, d)
     * @param queries padded queries
     * @param keys    padded keys
     * @param cross   whether keys are of another sequence
     */
    record Call(Tensor q, Tensor k, Tensor v, Optional<Padding> queries, Optional<Padding> keys, boolean cross) { }

    /** What the four projections are called in the authors' code. */
    record Projections(String query, String key, String value, String out) {
        static final Projections STANDARD = new Projections("q_proj", "k_proj", "v_proj", "out_proj");
    }

    private final Sizes sizes;
    private final Set<Pattern> patterns;
    private final LinearImpl queryProjection;
    private final LinearImpl keyProjection;
    private final LinearImpl valueProjection;
    private final LinearImpl outProjection;

    /**
     * @param all the patterns that the mechanism serves at all; those that fit {@code sizes.causal} are its own
     * @throws IllegalArgumentException when none fits
     */
    BenchmarkAttention(String name, Sizes sizes, Set<Pattern> all) {
        this(name, sizes, all, Projections.STANDARD);
    }

    /** The same with projections of these names. */
    BenchmarkAttention(String name, Sizes sizes, Set<Pattern> all, Projections names) {
        super(name);
        this.sizes = sizes;
        patterns = EnumSet.noneOf(Pattern.class);
        all.stream().filter(pattern -> pattern.isCausal() == sizes.causal).forEach(patterns::add);
        if (patterns.isEmpty()) {
            throw new IllegalArgumentException(name
                    + (sizes.causal ? " has no causal form" : " has a causal form only"));
        }
        queryProjection = register_module(names.query, Initialisation.linear(sizes.width, sizes.width, true));
        keyProjection = register_module(names.key, Initialisation.linear(sizes.width, sizes.width, true));
        valueProjection = register_module(names.value, Initialisation.linear(sizes.width, sizes.width, true));
        outProjection = register_module(names.out,
                Initialisation.residual(sizes.width, sizes.width, true, sizes.layers));
    }

    final Sizes sizes() {
        return sizes;
    }

    @Override
    public final Set<Pattern> patterns() {
        return EnumSet.copyOf(patterns);
    }

    @Override
    public final Tensor forward(Tensor x, MixerContext context) {
        Tensor source = context.memory().orElse(x);
        return attend(x, source, source, context);
    }

    /**
     * Attention with keys and values of their own.
     *
     * @param query (B, n, D)
     * @param key   (B, m, D)
     * @param value (B, m, D)
     */
    final Tensor attend(Tensor query, Tensor key, Tensor value, MixerContext context) {
        boolean cross = context.memory().isPresent();
        boolean served = patterns.stream().anyMatch(pattern -> pattern.isCross() == cross);
        if (!served) {
            throw new UnsupportedOperationException(name().getString() + " as configured serves " + patterns + ", not "
                    + (cross ? "a memory" : "its own sequence"));
        }
        Call call = new Call(split(queryProjection, query), split(keyProjection, key), split(valueProjection, value),
                context.padding(), context.keyPadding(), cross);
        return outProjection.forward(Heads.merge(mix(call, context)));
    }

    /** (B, H, n, d). */
    abstract Tensor mix(Call call, MixerContext context);

    final Tensor split(LinearImpl projection, Tensor x) {
        return Heads.split(projection.forward(x), sizes.heads);
    }

    /** Queries alone, (B, n, D) to (B, H, n, d). */
    final Tensor queries(Tensor x) {
        return split(queryProjection, x);
    }

    /** Keys and values of a source (B, m, D), as a call without queries. */
    final Call source(Tensor source, Optional<Padding> padding, boolean cross) {
        return new Call(null, split(keyProjection, source), split(valueProjection, source), Optional.empty(), padding,
                cross);
    }

    final Tensor output(Tensor heads) {
        return outProjection.forward(Heads.merge(heads));
    }

    /** Like which new tensors are made. */
    final Tensor like() {
        return outProjection.weight();
    }

    @Override
    public final Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public MixerState state(long batch) {
        throw new UnsupportedOperationException(name().getString() + " as configured serves " + patterns
                + ": it cannot decode its own sequence step by step");
    }
}
