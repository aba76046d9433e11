package io.heed.nn;

import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Bias;
import io.heed.kernels.Mask;

/**
 * One call of an attention as an {@link AttentionObserver} sees it. The weights are computed when asked for, some rows
 * at a time, so that nobody has to hold an N x N matrix.
 *
 * @param queries (B, H, Nq, d), positions applied
 * @param keys    (B, G, Nk, d), positions applied; query head h uses key/value head h / (H / G)
 * @param values  (B, G, Nk, e)
 * @param rows    the attention matrix by rows
 */
public record AttentionCall(Tensor queries, Tensor keys, Tensor values, WeightRows rows) {
    /** The attention matrix by rows. */
    @FunctionalInterface
    public interface WeightRows {
        /**
         * The weights with which queries {@code from} to {@code from + count} take values, 0 for hidden keys; of a
         * mechanism that does not normalise, as they are.
         *
         * @return (B, H, count, Nk)
         */
        Tensor of(long from, long count);
    }

    /** Attention as {@code spec} says, by {@link ComposedAttention}. */
    public static AttentionCall of(Tensor queries, Tensor keys, Tensor values, AttentionSpec spec) {
        return new AttentionCall(queries, keys, values, (from, count) -> specRows(queries, keys, spec, from, count));
    }

    /** The weights of queries {@code from} to {@code from + count}: (B, H, count, Nk). */
    public Tensor weights(long from, long count) {
        return rows.of(from, count);
    }

    private static Tensor specRows(Tensor queries, Tensor keys, AttentionSpec spec, long from, long count) {
        // their rows cannot be moved by single queries
        if (spec.mask() instanceof Mask.BlockSparse || spec.mask() instanceof Mask.Placed) {
            return ComposedAttention.weights(queries, keys, spec).narrow(2, from, count);
        }
        int by = Math.toIntExact(from);
        Mask mask = switch (spec.mask()) {
            case Mask.Causal causal -> new Mask.Causal(causal.offset() + by);
            case Mask.SlidingWindow window -> new Mask.SlidingWindow(window.left(), window.right(), window.offset()
                    + by);
            case Mask.Full full -> full;
            case Mask.Placed placed -> placed;
            case Mask.BlockSparse sparse -> sparse;
        };
        Bias bias = spec.bias() instanceof Bias.Alibi alibi ? new Bias.Alibi(alibi.slopes(), alibi.offset() + by)
                : spec.bias();
        return ComposedAttention.weights(queries.narrow(2, from, count), keys, spec.withMask(mask).withBias(bias));
    }
}
