package io.heed.sequence;

import java.util.ArrayList;
import java.util.List;

/** The states of all layers of a stack of mixers. */
public final class BackboneState implements MixerState {
    private final List<MixerState> layers = new ArrayList<>();

    /** Empty states of {@code mixers}, one a layer, for {@code batch} sequences. */
    public BackboneState(List<? extends SequenceMixer> mixers, long batch) {
        try {
            for (SequenceMixer mixer : mixers) {
                layers.add(mixer.state(batch));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** The state of layer {@code layer}, from 0. */
    public MixerState layer(int layer) {
        return layers.get(layer);
    }

    @Override
    public long batch() {
        return layers.getFirst().batch();
    }

    @Override
    public long position() {
        return layers.getFirst().position();
    }

    @Override
    public long bytes() {
        return layers.stream().mapToLong(MixerState::bytes).sum();
    }

    @Override
    public void reset() {
        layers.forEach(MixerState::reset);
    }

    @Override
    public void select(long... rows) {
        layers.forEach(layer -> layer.select(rows));
    }

    @Override
    public void close() {
        layers.forEach(MixerState::close);
    }
}
