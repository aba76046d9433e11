package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.MixerState;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/** How a causal layout decodes: groups are built when their last token comes, and no token is computed twice. */
interface Decoder {
    /**
     * Tokens of each sequence as a layer projects them.
     *
     * @param x (B, n, D)
     * @param q (B, H, n, d), scaled
     * @param k (B, H, n, d)
     * @param v (B, H, n, d)
     */
    record Tokens(Tensor x, Tensor q, Tensor k, Tensor v) {
        /** Those from {@code from} on. */
        Tokens part(long from, long count) {
            return new Tokens(x.narrow(1, from, count), q.narrow(2, from, count), k.narrow(2, from, count),
                    v.narrow(2, from, count));
        }

        long count() {
            return x.size(1);
        }
    }

    /** An empty state. */
    MixerState state(long batch);

    /** What the next token attends to, (B, H, 1, d); the state then holds it too. */
    Tensor step(MixerState state, Tokens next);

    /** Puts tokens into an empty state. */
    void load(MixerState state, Tokens tokens);

    /** softmax(q k^T) v of one query, (B, H, 1, d). */
    static Tensor attend(Tensor q, Tensor keys, Tensor values) {
        return q.matmul(keys.transpose(-2, -1)).softmax(-1).matmul(values);
    }

    /** Adds {@code rows} to tensor {@code index} of a state, in dimension {@code dim}. */
    static void append(TensorState state, int index, long dim, Tensor rows) {
        state.set(index, Ops.cat(dim, state.get(index), rows));
    }
}
