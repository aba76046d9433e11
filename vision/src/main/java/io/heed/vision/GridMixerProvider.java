package io.heed.vision;

import java.util.List;

/** Something that offers grid mixers; found through {@link java.util.ServiceLoader}. Must not load libtorch. */
public interface GridMixerProvider {
    /** The mixers, most usual first. */
    List<GridMixerKind> gridMixers();
}
