package io.heed.sequence.combiner;

import java.util.Collections;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.MixerState;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * The fixed layout: the own segment's queries, keys and values, and one key and value for each segment before it: S + N
 * / S rows instead of N.
 */
record FixedDecoder(CombinerConfig config, Grouping grouping, Tensor like) implements SegmentDecoder {
    private static final int QUERIES = 0;
    private static final int KEYS = 1;
    private static final int VALUES = 2;
    private static final int GROUP_KEYS = 3;
    private static final int GROUP_VALUES = 4;

    @Override
    public MixerState state(long batch) {
        return new TensorState(batch, () -> Collections.nCopies(5,
                like.new_empty(batch, config.heads(), 0, config.headWidth())));
    }

    @Override
    public Tensor step(MixerState state, Tokens next) {
        TensorState held = current(state);
        add(held, next);
        Tensor out = Decoder.attend(next.q(), Ops.cat(2, held.get(GROUP_KEYS), held.get(KEYS)),
                Ops.cat(2, held.get(GROUP_VALUES), held.get(VALUES)));
        if (held.get(KEYS).size(2) == config.segment()) {
            fold(state, new Tokens(next.x(), held.get(QUERIES), held.get(KEYS), held.get(VALUES)));
            SegmentDecoder.empty(held, 2, QUERIES, KEYS, VALUES);
        }
        return out;
    }

    @Override
    public TensorState current(MixerState state) {
        return (TensorState) state;
    }

    @Override
    public void add(TensorState held, Tokens tokens) {
        if (config.summaries()) { // only groups need queries
            Decoder.append(held, QUERIES, 2, tokens.q());
        }
        Decoder.append(held, KEYS, 2, tokens.k());
        Decoder.append(held, VALUES, 2, tokens.v());
        held.advance(tokens.count());
    }

    @Override
    public void fold(MixerState state, Tokens segments) {
        if (config.summaries()) {
            TensorState held = current(state);
            Summaries groups = Summaries.of(segments.q(), segments.k(), segments.v(), null, config.segment(), grouping);
            Decoder.append(held, GROUP_KEYS, 2, groups.keys());
            Decoder.append(held, GROUP_VALUES, 2, groups.values());
        }
    }
}
