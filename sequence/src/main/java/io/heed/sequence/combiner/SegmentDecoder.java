package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.MixerState;
import io.heed.sequence.TensorState;

/** A layout that keeps the tokens of the segment (the row) that is not whole yet, and folds whole ones away. */
interface SegmentDecoder extends Decoder {
    CombinerConfig config();

    /** What is kept of the segment that is not whole yet. */
    TensorState current(MixerState state);

    /** Adds tokens to the segment that is not whole yet. */
    void add(TensorState current, Tokens tokens);

    /** Takes whole segments in. */
    void fold(MixerState state, Tokens segments);

    @Override
    default void load(MixerState state, Tokens tokens) {
        TensorState current = current(state);
        long whole = tokens.count() / config().segment() * config().segment();
        if (whole > 0) {
            fold(state, tokens.part(0, whole));
            current.advance(whole);
        }
        add(current, tokens.part(whole, tokens.count() - whole));
    }

    /** Empties tensors of the segment, whose positions are dimension {@code dim}. */
    static void empty(TensorState current, long dim, int... tensors) {
        for (int tensor : tensors) {
            current.set(tensor, current.get(tensor).narrow(dim, 0, 0).clone());
        }
    }

    /** Rows (B, H, u S, d) of whole segments by the place in the segment, (B, H, S, u, d). */
    default Tensor columns(Tensor rows) {
        return rows.unflatten(2, rows.size(2) / config().segment(), config().segment()).transpose(2, 3);
    }

    /** One place of whole segments (B, H, u S, d), (B, H, u, d). */
    default Tensor inColumn(Tensor rows, long column) {
        return columns(rows).select(2, column);
    }
}
