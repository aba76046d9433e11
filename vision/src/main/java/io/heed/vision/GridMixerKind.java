package io.heed.vision;

import java.util.List;

import io.heed.sequence.MixerOption;
import io.heed.sequence.MixerOptions;

/**
 * A grid mixer that can be asked for by name. Making a kind must not load libtorch: only {@link #build} does.
 *
 * @param id      the name, e.g. {@code neighborhood-attention}
 * @param aliases shorter names, e.g. {@code neighborhood}
 * @param line    one line that says what it is
 * @param options its own options; any other is refused
 * @param factory builds it
 */
public record GridMixerKind(String id, List<String> aliases, String line, List<MixerOption> options, Factory factory) {

    /** Builds a mixer with fresh weights, drawn from libtorch's default generator. */
    @FunctionalInterface
    public interface Factory {
        GridMixer build(GridConfig config);
    }

    public GridMixerKind {
        aliases = List.copyOf(aliases);
        options = List.copyOf(options);
    }

    /**
     * Builds the mixer.
     *
     * @throws IllegalArgumentException for an option that the mixer does not have, a value that it cannot take, or a
     *                                  grid that it does not fit
     */
    public GridMixer build(GridConfig config) {
        MixerOptions.check(id, config.options(), options);
        return factory.build(config);
    }
}
