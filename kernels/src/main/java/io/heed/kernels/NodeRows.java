package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
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
        long aAt = a.offset(0, 0, row) * Float.BYTES;
        int c = 0;
        for (; c + 4 * LANES <= width; c += 4 * LANES) {
            multiplyFour(a.data(), aAt, b, column, from, to, products, at, width, c);
        }
        for (; c + LANES <= width; c += LANES) {
            multiplyOne(a.data(), aAt, b, column, from, to, products, at, width, c);
        }
        if (c < width) {
            multiplyRest(a.data(), aAt, b, column, from, to, products, at, width, c);
        }
    }

    private static void multiplyFour(MemorySegment aData, long aAt, Rows b, int[] column, int from, int to,
            float[] products, int at, int width, int c) {
        MemorySegment bData = b.data();
        long bStride = b.rowStride() * Float.BYTES;
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

    private static void multiplyOne(MemorySegment aData, long aAt, Rows b, int[] column, int from, int to,
            float[] products, int at, int width, int c) {
        MemorySegment bData = b.data();
        long bStride = b.rowStride() * Float.BYTES;
        FloatVector a0 = load(aData, aAt, c);
        int to0 = at + c;
        for (int slot = from; slot < to; slot++, to0 += width) {
            a0.mul(load(bData, column[slot] * bStride, c)).intoArray(products, to0);
        }
    }

    private static void multiplyRest(MemorySegment aData, long aAt, Rows b, int[] column, int from, int to,
            float[] products, int at, int width, int c) {
        MemorySegment bData = b.data();
        long bStride = b.rowStride() * Float.BYTES;
        VectorMask<Float> rest = FLOAT.indexInRange(c, width);
        FloatVector a0 = load(aData, aAt, c, rest);
        int to0 = at + c;
        for (int slot = from; slot < to; slot++, to0 += width) {
            a0.mul(load(bData, column[slot] * bStride, c, rest)).intoArray(products, to0, rest);
        }
    }

    /**
     * {@code out[row][c] = factor[head] sum over entries of weights[at + k * H + head] b[column[from + k]][c]}: one
     * head's weight for all of its lanes. No entries give 0.
     *
     * @param factor H floats, and one vector's length more that is read but not used
     */
    static void combine(HeadLanes lanes, float[] weights, int at, Rows b, int[] column, int from, int to,
            float[] factor, Rows out, int row) {
        int width = lanes.row;
        long outAt = out.offset(0, 0, row) * Float.BYTES;
        int c = 0;
        for (; c + 4 * LANES <= width; c += 4 * LANES) {
            combineFour(lanes, weights, at, b, column, from, to, factor, out.data(), outAt, c);
        }
        for (; c + LANES <= width; c += LANES) {
            combineOne(lanes, weights, at, b, column, from, to, factor, out.data(), outAt, c);
        }
        if (c < width) {
            combineRest(lanes, weights, at, b, column, from, to, factor, out.data(), outAt, c);
        }
    }

    private static void combineFour(HeadLanes lanes, float[] weights, int at, Rows b, int[] column, int from, int to,
            float[] factor, MemorySegment out, long outAt, int c) {
        int heads = lanes.heads;
        MemorySegment bData = b.data();
        long bStride = b.rowStride() * Float.BYTES;
        VectorShuffle<Float> spread0 = lanes.spread(c);
        VectorShuffle<Float> spread1 = lanes.spread(c + LANES);
        VectorShuffle<Float> spread2 = lanes.spread(c + 2 * LANES);
        VectorShuffle<Float> spread3 = lanes.spread(c + 3 * LANES);
        int head0 = lanes.headAt(c);
        int head1 = lanes.headAt(c + LANES);
        int head2 = lanes.headAt(c + 2 * LANES);
        int head3 = lanes.headAt(c + 3 * LANES);
        FloatVector s0 = FloatVector.zero(FLOAT);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int w = at;
        for (int slot = from; slot < to; slot++, w += heads) {
            long bAt = column[slot] * bStride;
            s0 = spread(weights, w + head0, spread0).fma(load(bData, bAt, c), s0);
            s1 = spread(weights, w + head1, spread1).fma(load(bData, bAt, c + LANES), s1);
            s2 = spread(weights, w + head2, spread2).fma(load(bData, bAt, c + 2 * LANES), s2);
            s3 = spread(weights, w + head3, spread3).fma(load(bData, bAt, c + 3 * LANES), s3);
        }
        store(s0.mul(spread(factor, head0, spread0)), out, outAt, c);
        store(s1.mul(spread(factor, head1, spread1)), out, outAt, c + LANES);
        store(s2.mul(spread(factor, head2, spread2)), out, outAt, c + 2 * LANES);
        store(s3.mul(spread(factor, head3, spread3)), out, outAt, c + 3 * LANES);
    }

    private static void combineOne(HeadLanes lanes, float[] weights, int at, Rows b, int[] column, int from, int to,
            float[] factor, MemorySegment out, long outAt, int c) {
        int heads = lanes.heads;
        MemorySegment bData = b.data();
        long bStride = b.rowStride() * Float.BYTES;
        VectorShuffle<Float> spread = lanes.spread(c);
        int head = lanes.headAt(c);
        FloatVector s = FloatVector.zero(FLOAT);
        int w = at + head;
        for (int slot = from; slot < to; slot++, w += heads) {
            s = spread(weights, w, spread).fma(load(bData, column[slot] * bStride, c), s);
        }
        store(s.mul(spread(factor, head, spread)), out, outAt, c);
    }

    private static void combineRest(HeadLanes lanes, float[] weights, int at, Rows b, int[] column, int from, int to,
            float[] factor, MemorySegment out, long outAt, int c) {
        int heads = lanes.heads;
        MemorySegment bData = b.data();
        long bStride = b.rowStride() * Float.BYTES;
        VectorMask<Float> rest = FLOAT.indexInRange(c, lanes.row);
        VectorShuffle<Float> spread = lanes.spread(c);
        int head = lanes.headAt(c);
        FloatVector s = FloatVector.zero(FLOAT);
        int w = at + head;
        for (int slot = from; slot < to; slot++, w += heads) {
            s = spread(weights, w, spread).fma(load(bData, column[slot] * bStride, c, rest), s);
        }
        store(s.mul(spread(factor, head, spread)), out, outAt, c, rest);
    }

    /** The heads' weights from {@code at} on, over the lanes as {@link HeadLanes#spread} says. */
    static FloatVector spread(float[] weights, int at, VectorShuffle<Float> spread) {
        return FloatVector.fromArray(FLOAT, weights, at).rearrange(spread);
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
