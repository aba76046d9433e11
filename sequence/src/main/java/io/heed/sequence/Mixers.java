package io.heed.sequence;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

import io.heed.train.NearestName;

/** All mixers on the class path, by id and alias. Listing them does not load libtorch. */
public final class Mixers {
    private static final List<MixerKind> KINDS = ServiceLoader.load(MixerProvider.class, Mixers.class.getClassLoader())
            .stream().flatMap(provider -> provider.get().mixers().stream()).toList();
    private static final Map<String, MixerKind> BY_NAME = byName(KINDS);

    private Mixers() { }

    /** Every mixer, the baseline first. */
    public static List<MixerKind> all() {
        return KINDS;
    }

    /**
     * The mixer called {@code name}, its id or an alias.
     *
     * @throws IllegalArgumentException when there is none, with the nearest name and the list
     */
    public static MixerKind named(String name) {
        MixerKind kind = BY_NAME.get(name.strip());
        if (kind == null) {
            throw new IllegalArgumentException(NearestName.unknown("mixer '" + name + "'", name, BY_NAME.keySet()));
        }
        return kind;
    }

    /**
     * Builds the mixer that {@code spec} names. The spec's options are added to those of {@code config}.
     *
     * @throws IllegalArgumentException when the mixer or one of its options is unknown
     */
    public static SequenceMixer build(MixerSpec spec, MixerConfig config) {
        MixerKind kind = named(spec.id());
        Map<String, String> options = new LinkedHashMap<>(config.options());
        options.putAll(spec.options());
        return kind.build(config.withOptions(options));
    }

    private static Map<String, MixerKind> byName(List<MixerKind> kinds) {
        Map<String, MixerKind> names = new LinkedHashMap<>();
        for (MixerKind kind : kinds) {
            List<String> all = new ArrayList<>(kind.aliases());
            all.addFirst(kind.id());
            for (String name : all) {
                MixerKind other = names.putIfAbsent(name, kind);
                if (other != null && other != kind) {
                    throw new IllegalStateException("mixers " + other.id() + " and " + kind.id() + " are both called "
                            + name);
                }
            }
        }
        return names;
    }
}
