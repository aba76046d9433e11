package io.heed.vision;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.Mixers;
import io.heed.train.NearestName;

/**
 * All grid mixers on the class path, by id and alias: those of this family, then every sequence mixer that need not be
 * causal, which reads the grid row by row ({@link RasterMixer}). A grid mixer hides a sequence mixer of its name.
 * Listing them does not load libtorch.
 */
public final class GridMixers {
    private static final List<GridMixerKind> KINDS = all(
            ServiceLoader.load(GridMixerProvider.class, GridMixers.class.getClassLoader()).stream()
                    .flatMap(provider -> provider.get().gridMixers().stream()).toList());

    private GridMixers() { }

    /** Every mixer, the family's own first. */
    public static List<GridMixerKind> all() {
        return KINDS;
    }

    /**
     * The mixer called {@code name}, its id or an alias.
     *
     * @throws IllegalArgumentException when there is none, with the nearest name and the list
     */
    public static GridMixerKind named(String name) {
        List<String> known = new ArrayList<>();
        for (GridMixerKind kind : KINDS) {
            if (kind.id().equals(name.strip()) || kind.aliases().contains(name.strip())) {
                return kind;
            }
            known.add(kind.id());
            known.addAll(kind.aliases());
        }
        throw new IllegalArgumentException(NearestName.unknown("grid mixer '" + name + "'", name, known));
    }

    /**
     * Builds the mixer that {@code spec} names. The spec's options are added to those of {@code config}.
     *
     * @throws IllegalArgumentException when the mixer or one of its options is unknown, or the grid does not fit it
     */
    public static GridMixer build(MixerSpec spec, GridConfig config) {
        Map<String, String> options = new LinkedHashMap<>(config.options());
        options.putAll(spec.options());
        return named(spec.id()).build(config.withOptions(options));
    }

    private static List<GridMixerKind> all(List<GridMixerKind> own) {
        List<GridMixerKind> kinds = new ArrayList<>(own);
        List<String> taken = new ArrayList<>();
        own.forEach(kind -> {
            taken.add(kind.id());
            taken.addAll(kind.aliases());
        });
        for (MixerKind kind : Mixers.all()) {
            boolean serves = kind.patterns().stream().anyMatch(pattern -> !pattern.isCausal() && !pattern.isCross());
            List<String> names = new ArrayList<>(kind.aliases());
            names.addFirst(kind.id());
            names.removeAll(taken);
            if (serves && !names.isEmpty()) {
                kinds.add(new GridMixerKind(names.getFirst(), names.subList(1, names.size()),
                        kind.line() + "; reads the grid row by row", kind.options(),
                        config -> new RasterMixer(kind, config)));
            }
        }
        return List.copyOf(kinds);
    }
}
