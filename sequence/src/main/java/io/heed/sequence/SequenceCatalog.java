package io.heed.sequence;

import java.util.List;

import io.heed.sequence.softmax.SoftmaxAttention;

/** The systems of this family. */
public final class SequenceCatalog implements MixerProvider {
    @Override
    public List<MixerKind> mixers() {
        return List.of(SoftmaxAttention.KIND);
    }
}
