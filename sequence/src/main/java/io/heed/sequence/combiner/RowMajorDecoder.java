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
record RowMajorDecoder(CombinerConfig config, RowMajor layout, Tensor like) implements Decoder {
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
        TensorState row = row(state);
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
            fold(groups, new Tokens(row.get(INPUTS), row.get(QUERIES), keys.narrow(2, 0, column + 1),
                    values.narrow(2, 0, column + 1)));
            row.set(INPUTS, row.get(INPUTS).narrow(1, 0, 0).clone());
            for (int tensor : new int[] {QUERIES, KEYS, VALUES}) {
                row.set(tensor, row.get(tensor).narrow(2, 0, 0).clone());
            }
        }
        return out;
    }

    @Override
    public void load(MixerState state, Tokens tokens) {
        TensorState row = row(state);
        long whole = tokens.count() / config.segment() * config.segment();
        if (whole > 0) {
            fold(groups(state), tokens.part(0, whole));
            row.advance(whole);
        }
        add(row, tokens.part(whole, tokens.count() - whole));
    }

    private static void add(TensorState row, Tokens tokens) {
        Decoder.append(row, INPUTS, 1, tokens.x());
        Decoder.append(row, QUERIES, 2, tokens.q());
        Decoder.append(row, KEYS, 2, tokens.k());
        Decoder.append(row, VALUES, 2, tokens.v());
        row.advance(tokens.count());
    }

    private void fold(KeyValueCache groups, Tokens rows) {
        RowMajor.Groups folded = layout.groups(rows.x(),
                Grid.of(config.segment(), rows.q(), rows.k(), rows.v(), null));
        groups.append(folded.keys().flatten(2, 3), folded.values().flatten(2, 3));
    }

    /** One column of rows (B, H, u S, d), (B, H, u, d). */
    private Tensor inColumn(Tensor rows, long column) {
        return rows.unflatten(2, rows.size(2) / config.segment(), config.segment()).select(3, column);
    }

    private static TensorState row(MixerState state) {
        return (TensorState) ((JoinedState) state).part(0);
    }

    private static KeyValueCache groups(MixerState state) {
        return (KeyValueCache) ((JoinedState) state).part(1);
    }
}
