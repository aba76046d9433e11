package io.heed.sequence;

import java.util.List;

/** The state of a mixer that is made of parts, each with a state of its own kind. */
public final class JoinedState implements MixerState {
    private final List<MixerState> parts;

    /** @param parts states of the same sequences; the first counts the tokens */
    public JoinedState(MixerState... parts) {
        this.parts = List.of(parts);
    }

    /** Part number {@code index}. */
    public MixerState part(int index) {
        return parts.get(index);
    }

    @Override
    public long batch() {
        return parts.getFirst().batch();
    }

    @Override
    public long position() {
        return parts.getFirst().position();
    }

    @Override
    public long bytes() {
        return parts.stream().mapToLong(MixerState::bytes).sum();
    }

    @Override
    public void reset() {
        parts.forEach(MixerState::reset);
    }

    @Override
    public void select(long... rows) {
        parts.forEach(part -> part.select(rows));
    }

    @Override
    public void close() {
        parts.forEach(MixerState::close);
    }
}
