package io.heed.sequence.combiner;

import java.util.Collections;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.JoinedState;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerState;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * The causal axial mixture: the current row's queries, keys and values; of the rows above their keys and values and
 * what is left and right of every place; of each column what is above, with the running query that takes its value.
 */
record MixtureDecoder(CombinerConfig config, Tensor like) implements SegmentDecoder {
    private static final int QUERIES = 0;
    private static final int KEYS = 1;
    private static final int VALUES = 2;
    private static final int COLUMN_QUERIES = 3;
    private static final int COLUMN_KEYS = 4;
    private static final int COLUMN_VALUES = 5;

    @Override
    public MixerState state(long batch) {
        return new JoinedState(new TensorState(batch, () -> Collections.nCopies(6,
                like.new_empty(batch, config.heads(), 0, config.headWidth()))),
                new KeyValueCache(batch), new KeyValueCache(batch), new KeyValueCache(batch));
    }

    @Override
    public Tensor step(MixerState state, Tokens next) {
        TensorState row = current(state);
        long column = row.get(KEYS).size(2);
        add(row, next);
        Tensor keys = row.get(KEYS);
        Tensor values = row.get(VALUES);
        if (row.get(COLUMN_KEYS).size(2) > 0) {
            KeyValueCache tokens = cache(state, 1);
            long after = column + 1;
            long right = config.segment() - after;
            keys = Ops.cat(2, keys, inColumn(tokens.keys(), column), row.get(COLUMN_KEYS).narrow(2, 0, column),
                    row.get(COLUMN_KEYS).narrow(2, after, right));
            values = Ops.cat(2, values, inColumn(tokens.values(), column), row.get(COLUMN_VALUES).narrow(2, 0, column),
                    row.get(COLUMN_VALUES).narrow(2, after, right));
            if (column > 0) {
                keys = Ops.cat(2, keys, inColumn(cache(state, 2).keys(), column));
                values = Ops.cat(2, values, inColumn(cache(state, 2).values(), column));
            }
            if (right > 0) {
                keys = Ops.cat(2, keys, inColumn(cache(state, 3).keys(), column));
                values = Ops.cat(2, values, inColumn(cache(state, 3).values(), column));
            }
        }
        Tensor out = Decoder.attend(next.q(), keys, values);
        if (column + 1 == config.segment()) {
            fold(state, new Tokens(next.x(), row.get(QUERIES), row.get(KEYS), row.get(VALUES)));
            SegmentDecoder.empty(row, 2, QUERIES, KEYS, VALUES);
        }
        return out;
    }

    @Override
    public void add(TensorState row, Tokens tokens) {
        Decoder.append(row, QUERIES, 2, tokens.q());
        Decoder.append(row, KEYS, 2, tokens.k());
        Decoder.append(row, VALUES, 2, tokens.v());
        row.advance(tokens.count());
    }

    @Override
    public void fold(MixerState state, Tokens segments) {
        Grid rows = Grid.of(config.segment(), segments.q(), segments.k(), segments.v(), null);
        TensorState row = current(state);
        Stretches left = Stretches.left(rows, config.running());
        Stretches right = Stretches.right(rows, config.running());
        cache(state, 1).append(rows.keys().flatten(2, 3), rows.values().flatten(2, 3));
        cache(state, 2).append(left.keys().flatten(2, 3), left.values().flatten(2, 3));
        cache(state, 3).append(right.keys().flatten(2, 3), right.values().flatten(2, 3));
        Tensor queries = joined(row.get(COLUMN_QUERIES), rows.queries(), rows);
        row.set(COLUMN_QUERIES, queries);
        row.set(COLUMN_KEYS, joined(row.get(COLUMN_KEYS), rows.keys(), rows));
        Tensor keys = columns(cache(state, 1).keys()); // (B, H, S, u, d)
        row.set(COLUMN_VALUES, Decoder.attend(queries.unsqueeze(3), keys, columns(cache(state, 1).values()))
                .squeeze(3));
    }

    /** The running maximum or sum of every column so far, with these rows: (B, H, S, d). */
    private Tensor joined(Tensor before, Tensor x, Grid rows) {
        Tensor last = config.running().along(x.transpose(2, 3), rows.hidden().transpose(2, 3))
                .select(3, rows.rows() - 1);
        return before.size(2) == 0 ? last : config.running().join(before, last);
    }

    @Override
    public TensorState current(MixerState state) {
        return (TensorState) ((JoinedState) state).part(0);
    }

    private static KeyValueCache cache(MixerState state, int part) {
        return (KeyValueCache) ((JoinedState) state).part(part);
    }
}
