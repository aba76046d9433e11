package io.heed.sequence.combiner;

import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.JoinedState;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerState;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/** The row-major layout: the current row, and K' and a at every place of the rows above. */
record RowMajorDecoder(CombinerConfig config, RowMajor layout, Tensor like) implements SegmentDecoder {
    private static final int INPUTS = 0;
    private static final int QUERIES = 1;
    private static final int KEYS = 2;
    private static final int VALUES = 3;

    @Override
    public MixerState state(long batch) {
        return new JoinedState(new TensorState(batch, () -> {
            Tensor heads = like.new_empty(batch, config.heads(), 0, config.headWidth());
            return List.of(like.new_empty(batch, 0, config.width()), heads, heads, heads);
        }), new KeyValueCache(batch));
    }

    @Override
    public Tensor step(MixerState state, Tokens next) {
        TensorState row = current(state);
        KeyValueCache groups = groups(state);
        long column = row.get(KEYS).size(2);
        add(row, next);
        Tensor keys = row.get(KEYS);
        Tensor values = row.get(VALUES);
        if (groups.position() > 0) {
            keys = Ops.cat(2, keys, inColumn(groups.keys(), column));
            values = Ops.cat(2, values, inColumn(groups.values(), column));
        }
        Tensor out = Decoder.attend(next.q(), keys, values);
        if (column + 1 == config.segment()) {
            fold(state, new Tokens(row.get(INPUTS), row.get(QUERIES), keys.narrow(2, 0, column + 1),
                    values.narrow(2, 0, column + 1)));
            SegmentDecoder.empty(row, 1, INPUTS);
            SegmentDecoder.empty(row, 2, QUERIES, KEYS, VALUES);
        }
        return out;
    }

    @Override
    public void add(TensorState row, Tokens tokens) {
        Decoder.append(row, INPUTS, 1, tokens.x());
        Decoder.append(row, QUERIES, 2, tokens.q());
        Decoder.append(row, KEYS, 2, tokens.k());
        Decoder.append(row, VALUES, 2, tokens.v());
        row.advance(tokens.count());
    }

    @Override
    public void fold(MixerState state, Tokens rows) {
        RowMajor.Groups folded = layout.groups(rows.x(),
                Grid.of(config.segment(), rows.q(), rows.k(), rows.v(), null));
        groups(state).append(folded.keys().flatten(2, 3), folded.values().flatten(2, 3));
    }

    @Override
    public TensorState current(MixerState state) {
        return (TensorState) ((JoinedState) state).part(0);
    }

    private static KeyValueCache groups(MixerState state) {
        return (KeyValueCache) ((JoinedState) state).part(1);
    }
}
