package io.heed.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

import io.heed.train.NearestName;

/** All graph layers on the class path, by id and alias. Listing them does not load libtorch. */
public final class GraphLayers {
    private static final List<GraphLayerKind> KINDS =
            ServiceLoader.load(GraphLayerProvider.class, GraphLayers.class.getClassLoader()).stream()
                    .flatMap(provider -> provider.get().layers().stream()).toList();

    private GraphLayers() { }

    /** Every layer, baselines first. */
    public static List<GraphLayerKind> all() {
        return KINDS;
    }

    /**
     * The layer called {@code name}, its id or an alias.
     *
     * @throws IllegalArgumentException when there is none, with the nearest name
     */
    public static GraphLayerKind named(String name) {
        List<String> known = new ArrayList<>();
        for (GraphLayerKind kind : KINDS) {
            if (kind.id().equals(name.strip()) || kind.aliases().contains(name.strip())) {
                return kind;
            }
            known.add(kind.id());
            known.addAll(kind.aliases());
        }
        throw new IllegalArgumentException(NearestName.unknown("graph layer '" + name + "'", name, known));
    }
}
