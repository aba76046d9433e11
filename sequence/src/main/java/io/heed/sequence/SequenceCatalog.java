package io.heed.sequence;

import java.util.List;

/** The systems of this family. */
public final class SequenceCatalog implements MixerProvider {
    @Override
    public List<MixerKind> mixers() {
        return List.of();
    }
}
