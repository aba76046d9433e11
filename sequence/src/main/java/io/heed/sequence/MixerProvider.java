package io.heed.sequence;

import java.util.List;

/**
 * Something that offers mixers: a system entry of a family's catalogue implements it beside
 * {@link io.heed.catalog.SystemEntry}. Must not load libtorch.
 */
public interface MixerProvider {
    /** The mixers, most usual first. */
    List<MixerKind> mixers();
}
