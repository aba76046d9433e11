package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The two loops of attention on a graph: products of a node's row with its neighbours' rows, and weighted sums of the
 * neighbours' rows. A row is H heads of d floats side by side.
 */
final class NodeRows {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private NodeRows() { }

    /** {@code rows} must be one graph's (1, H, N, d) with the heads of a node side by side; null passes. */
    static void check(String name, Rows rows, int heads, int nodes, int width) {
        if (rows == null) {
            return;
        }
        Arguments.shape(name, rows, 1, heads, nodes, width);
        if (heads > 1) {
            Arguments.equal(name + " head stride", rows.headStride(), width);
        }
    }

    /**
     * {@code products[at + k * W + c] = a[row][c] b[column[from + k]][c]} for the entries from {@code from} to
     * {@code to - 1}.
     */
    static void multiply(HeadLanes lanes, Rows a, int row, Rows b, int[] column, int from, int to, float[] products,
            int at) {
        int width = lanes.row;
        MemorySegment aData = a.data();
        MemorySegment bData = b.data();
        long aAt = a.offset(0, 0, row) * Float.BYTES;
        long bStride = b.rowStride() * Float.BYTES;
        int c = 0;
        for (; c + 4 * LANES <= width; c += 4 * LANES) {
            FloatVector a0 = load(aData, aAt, c);
            FloatVector a1 = load(aData, aAt, c + LANES);
            FloatVector a2 = load(aData, aAt, c + 2 * LANES);
            FloatVector a3 = load(aData, aAt, c + 3 * LANES);
            int to0 = at + c;
            for (int slot = from; slot < to; slot++, to0 += width) {
                long bAt = column[slot] * bStride;
                a0.mul(load(bData, bAt, c)).intoArray(products, to0);
                a1.mul(load(bData, bAt, c + LANES)).intoArray(products, to0 + LANES);
                a2.mul(load(bData, bAt, c + 2 * LANES)).intoArray(products, to0 + 2 * LANES);
                a3.mul(load(bData, bAt, c + 3 * LANES)).intoArray(products, to0 + 3 * LANES);
            }
        }
        for (; c + LANES <= width; c += LANES) {
            FloatVector a0 = load(aData, aAt, c);
            for (int slot = from; slot < to; slot++) {
                a0.mul(load(bData, column[slot] * bStride, c)).intoArray(products, at + (slot - from) * width + c);
            }
        }
        if (c < width) {
            VectorMask<Float> rest = lanes.floatsFrom(c);
            FloatVector a0 = load(aData, aAt, c, rest);
            for (int slot = from; slot < to; slot++) {
                a0.mul(load(bData, column[slot] * bStride, c, rest))
                        .intoArray(products, at + (slot - from) * width + c, rest);
            }
        }
    }

    /**
     * {@code out[row][c] = factor[head] sum over entries of weights[at + k * H + head] b[column[from + k]][c]}: one
     * head's weight for all of its lanes. No entries give 0.
     *
     * @param factor   H floats at {@code factorAt}; null is 1
     * @param multiple a further factor of the whole row
     */
    static void combine(HeadLanes lanes, float[] weights, int at, Rows b, int[] column, int from, int to,
            float[] factor, int factorAt, float multiple, Rows out, int row) {
        int width = lanes.row;
        int heads = lanes.heads;
        MemorySegment bData = b.data();
        MemorySegment outData = out.data();
        long bStride = b.rowStride() * Float.BYTES;
        long outAt = out.offset(0, 0, row) * Float.BYTES;
        int c = 0;
        for (; c + 4 * LANES <= width; c += 4 * LANES) {
            FloatVector s0 = FloatVector.zero(FLOAT);
            FloatVector s1 = s0;
            FloatVector s2 = s0;
            FloatVector s3 = s0;
            int w = at;
            for (int slot = from; slot < to; slot++, w += heads) {
                long bAt = column[slot] * bStride;
                s0 = lanes.spread(weights, w, c).fma(load(bData, bAt, c), s0);
                s1 = lanes.spread(weights, w, c + LANES).fma(load(bData, bAt, c + LANES), s1);
                s2 = lanes.spread(weights, w, c + 2 * LANES).fma(load(bData, bAt, c + 2 * LANES), s2);
                s3 = lanes.spread(weights, w, c + 3 * LANES).fma(load(bData, bAt, c + 3 * LANES), s3);
            }
            store(scale(lanes, s0, factor, factorAt, multiple, c), outData, outAt, c);
            store(scale(lanes, s1, factor, factorAt, multiple, c + LANES), outData, outAt, c + LANES);
            store(scale(lanes, s2, factor, factorAt, multiple, c + 2 * LANES), outData, outAt, c + 2 * LANES);
            store(scale(lanes, s3, factor, factorAt, multiple, c + 3 * LANES), outData, outAt, c + 3 * LANES);
        }
        for (; c + LANES <= width; c += LANES) {
            FloatVector s0 = FloatVector.zero(FLOAT);
            int w = at;
            for (int slot = from; slot < to; slot++, w += heads) {
                s0 = lanes.spread(weights, w, c).fma(load(bData, column[slot] * bStride, c), s0);
            }
            store(scale(lanes, s0, factor, factorAt, multiple, c), outData, outAt, c);
        }
        if (c < width) {
            VectorMask<Float> rest = lanes.floatsFrom(c);
            FloatVector s0 = FloatVector.zero(FLOAT);
            int w = at;
            for (int slot = from; slot < to; slot++, w += heads) {
                s0 = lanes.spread(weights, w, c).fma(load(bData, column[slot] * bStride, c, rest), s0);
            }
            scale(lanes, s0, factor, factorAt, multiple, c).intoMemorySegment(outData, outAt + (long) c * Float.BYTES,
                    ORDER,
                    rest);
        }
    }

    private static FloatVector scale(HeadLanes lanes, FloatVector sum, float[] factor, int at, float multiple, int c) {
        FloatVector scaled = factor == null ? sum : sum.mul(lanes.spread(factor, at, c));
        return scaled.mul(multiple);
    }

    static FloatVector load(MemorySegment data, long at, int c) {
        return FloatVector.fromMemorySegment(FLOAT, data, at + (long) c * Float.BYTES, ORDER);
    }

    static FloatVector load(MemorySegment data, long at, int c, VectorMask<Float> mask) {
        return FloatVector.fromMemorySegment(FLOAT, data, at + (long) c * Float.BYTES, ORDER, mask);
    }

    static void store(FloatVector v, MemorySegment data, long at, int c) {
        v.intoMemorySegment(data, at + (long) c * Float.BYTES, ORDER);
    }

    static void store(FloatVector v, MemorySegment data, long at, int c, VectorMask<Float> mask) {
        v.intoMemorySegment(data, at + (long) c * Float.BYTES, ORDER, mask);
    }
}
