package io.heed.sequence;

import java.util.List;
import java.util.Set;

/**
 * A mixer that can be asked for by name. Making a kind must not load libtorch: only {@link #build} does.
 *
 * @param id       the name, e.g. {@code sigmoid-attention}
 * @param aliases  shorter names, e.g. {@code sigmoid}
 * @param line     one line that says what it is
 * @param patterns the patterns that it can be built for
 * @param options  its own options; any other is refused
 * @param factory  builds it
 * @param cost     how its time grows with the sequence, as it claims: the benchmarks measure it
 */
public record MixerKind(String id, List<String> aliases, String line, Set<Pattern> patterns, List<MixerOption> options,
                        Factory factory, Cost cost) {

    /** Builds a mixer with fresh weights, drawn from libtorch's default generator. */
    @FunctionalInterface
    public interface Factory {
        SequenceMixer build(MixerConfig config);
    }

    /** A mixer of quadratic cost. */
    public MixerKind(String id, List<String> aliases, String line, Set<Pattern> patterns, List<MixerOption> options,
                     Factory factory) {
        this(id, aliases, line, patterns, options, factory, Cost.QUADRATIC);
    }

    public MixerKind {
        aliases = List.copyOf(aliases);
        patterns = Set.copyOf(patterns);
        options = List.copyOf(options);
    }

    /** The same with another cost. */
    public MixerKind withCost(Cost cost) {
        return new MixerKind(id, aliases, line, patterns, options, factory, cost);
    }

    /**
     * Builds the mixer.
     *
     * @throws IllegalArgumentException for an option that the mixer does not have, or a value that it cannot take
     */
    public SequenceMixer build(MixerConfig config) {
        MixerOptions.check(id, config.options(), options);
        return factory.build(config);
    }
}
