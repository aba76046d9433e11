package io.heed.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Softmax attention in which each block of queries attends to a list of keys of its own: P = softmax(scale q k^T) over
 * the list, out = P v, forward and backward. Keys and values are read through the lists, tile by tile, and no matrix of
 * weights is kept.
 *
 * <p>Queries lie in the lanes of vectors, so that neither keys nor values are transposed: the products are K Q^T and
 * P^T V on rows as they were gathered. A block of any size works; blocks of a few vectors are fastest.
 */
public final class GatherAttention {
    private GatherAttention() { }

    /**
     * The forward pass.
     *
     * @param q     (B, H, Nq, d)
     * @param k     (B, Hkv, Nk, d); H a multiple of Hkv
     * @param v     (B, Hkv, Nk, dv)
     * @param out   (B, H, Nq, dv), written; a query that sees no key gets 0
     * @param lse   logarithm of each query's sum of exponentials, (B, H, Nq) contiguous, written; null where not wanted
     * @param lists which keys
     * @param scale of the products q k
     * @throws IllegalArgumentException when shapes or lists do not fit
     */
    public static void forward(Rows q, Rows k, Rows v, Rows out, MemorySegment lse, KeyLists lists, float scale) {
        AttentionShape shape = AttentionShape.check(q, k, v, AttentionSpec.softmax());
        lists.check(shape.batch(), shape.heads(), shape.queries(), shape.keys());
        shape.checkLikeOutput("out", out);
        AttentionShape.checkDistinct("out", out);
        if (lse != null) {
            shape.checkPerRow("lse", lse);
        }
        if (!shape.isEmpty()) {
            new GatherForward(shape, q, k, v, out, lse, lists, scale).run();
        }
    }

    /**
     * The backward pass.
     *
     * @param out   what {@link #forward} wrote
     * @param lse   what it wrote, not null
     * @param dOut  gradient of {@code out}, of its shape
     * @param dq    gradient of q, written; null where not wanted
     * @param dk    gradient of k, written; null where not wanted
     * @param dv    gradient of v, written; null where not wanted
     * @throws IllegalArgumentException when shapes or lists do not fit
     */
    public static void backward(Rows q, Rows k, Rows v, Rows out, MemorySegment lse, Rows dOut, Rows dq, Rows dk,
            Rows dv,
                                KeyLists lists, float scale) {
        AttentionShape shape = AttentionShape.check(q, k, v, AttentionSpec.softmax());
        lists.check(shape.batch(), shape.heads(), shape.queries(), shape.keys());
        shape.checkLikeOutput("out", out);
        shape.checkLikeOutput("dOut", dOut);
        shape.checkPerRow("lse", lse);
        AttentionGradients gradients = AttentionGradients.of(dq, dk, dv);
        gradients.check(shape, AttentionSpec.softmax());
        if (!shape.isEmpty()) {
            new GatherBackward(shape, q, k, v, out, lse, dOut, gradients, lists, scale).run();
        }
    }
}
