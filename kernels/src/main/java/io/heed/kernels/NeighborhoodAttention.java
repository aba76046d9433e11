package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Neighborhood attention on grids of 1 to 3 axes, fused (FNA: Hassani, Hwu and Shi, NeurIPS 2024): tiles of queries
 * pass over the box of keys that their windows cover, and no buffer of N times the window is made. What is computed is
 * a {@link NeighborhoodSpec}'s business.
 *
 * <p>Shapes: q, k (B, H, N, d), v and out (B, H, N, dv), N tokens in raster order, with d and dv from 1 to 256; all
 * float32. Outputs must not share memory with inputs.
 *
 * <p>Work runs on all {@link Workers}; results are the same bits for any number of them. Scratch is kept for the next
 * call.
 */
public final class NeighborhoodAttention {
    private static final int WIDEST = 256;

    private NeighborhoodAttention() { }

    /**
     * out = softmax over the window of (scale q k^T + bias), times v.
     *
     * @param table relative bias (H, 2 K - 1, ...) contiguous: entry (y - x + K - 1, ...) for key y of query x, counted
     *              inside their dilation groups; null for none
     * @param lse   receives ln(sum over the window of exp(logit)), (B, H, N) contiguous; null when not wanted
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void forward(Rows q, Rows k, Rows v, MemorySegment table, Rows out, MemorySegment lse,
            NeighborhoodSpec spec) {
        check(q, k, v, table, spec);
        Arguments.required("out", out);
        Arguments.shape("out", out, q.batch(), q.heads(), q.rows(), v.width());
        AttentionShape.checkDistinct("out", out);
        if (lse != null) {
            floats("lse", lse, perRow(q));
        }
        if (q.batch() * q.heads() > 0) {
            new NeighborhoodForward(q, k, v, table, out, lse, spec).run();
        }
    }

    /**
     * Gradients from the gradient of the output; the weights are computed again, tile by tile.
     *
     * @param out       the forward pass's output
     * @param lse       the forward pass's log-sum-exp
     * @param dOut      gradient of the output, (B, H, N, dv)
     * @param dLse      gradient of the log-sum-exp, (B, H, N) contiguous; null for none
     * @param gradients what to write
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void backward(Rows q, Rows k, Rows v, MemorySegment table, Rows out, MemorySegment lse, Rows dOut,
            MemorySegment dLse, NeighborhoodGradients gradients, NeighborhoodSpec spec) {
        check(q, k, v, table, spec);
        Arguments.required("out", out);
        Arguments.required("dOut", dOut);
        Arguments.shape("out", out, q.batch(), q.heads(), q.rows(), v.width());
        Arguments.shape("dOut", dOut, q.batch(), q.heads(), q.rows(), v.width());
        floats("lse", Objects.requireNonNull(lse, "lse: the backward pass needs it"), perRow(q));
        if (dLse != null) {
            floats("dLse", dLse, perRow(q));
        }
        Arguments.shape("dq", gradients.query(), q.batch(), q.heads(), q.rows(), q.width());
        Arguments.shape("dk", gradients.key(), q.batch(), q.heads(), q.rows(), q.width());
        Arguments.shape("dv", gradients.value(), q.batch(), q.heads(), q.rows(), v.width());
        if (gradients.table() != null) {
            if (table == null) {
                throw new IllegalArgumentException("a gradient of the relative table is asked for, there is no table");
            }
            floats("dTable", gradients.table(), (long) q.heads() * spec.tableSize());
        }
        if (q.batch() * q.heads() > 0) {
            new NeighborhoodBackward(q, k, v, table, out, lse, dOut, dLse, gradients, spec).run();
        }
    }

    /** Bytes of scratch that each thread keeps after forward passes of this spec: all that the kernel allocates. */
    public static long scratchBytes(NeighborhoodSpec spec, int width, int valueWidth) {
        return Float.BYTES * NeighborhoodForward.scratchFloats(spec, width, valueWidth);
    }

    private static void check(Rows q, Rows k, Rows v, MemorySegment table, NeighborhoodSpec spec) {
        Arguments.required("spec", spec);
        Arguments.required("q", q);
        Arguments.required("k", k);
        Arguments.required("v", v);
        Arguments.equal("q rows", q.rows(), spec.tokens());
        Arguments.range("q width", q.width(), 1, WIDEST);
        Arguments.range("v width", v.width(), 1, WIDEST);
        Arguments.shape("k", k, q.batch(), q.heads(), q.rows(), q.width());
        Arguments.shape("v", v, q.batch(), q.heads(), q.rows(), v.width());
        if (table != null) {
            floats("table", table, (long) q.heads() * spec.tableSize());
        }
    }

    private static long perRow(Rows q) {
        return (long) q.batch() * q.heads() * q.rows();
    }

    private static void floats(String name, MemorySegment memory, long count) {
        Rows.checkShared(name, memory);
        Arguments.equal(name + " floats", memory.byteSize() / Float.BYTES, count);
    }
}
