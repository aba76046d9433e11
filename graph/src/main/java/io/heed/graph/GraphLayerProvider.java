package io.heed.graph;

import java.util.List;

/** Something that offers graph layers; found through {@link java.util.ServiceLoader}. Must not load libtorch. */
public interface GraphLayerProvider {
    /** The layers, most usual first. */
    List<GraphLayerKind> layers();
}
