package io.heed.graph;

import java.util.List;
import java.util.function.Function;

/**
 * A kind of graph layer that comparisons can build.
 *
 * @param id      as users write it
 * @param aliases further names
 * @param summary one line
 * @param build   builds a layer of width D to D with fresh weights
 */
public record GraphLayerKind(String id, List<String> aliases, String summary, Function<LayerConfig, GraphLayer> build) {
    public GraphLayerKind {
        aliases = List.copyOf(aliases);
    }
}
