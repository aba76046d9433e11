package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;

/**
 * Turns pairs of channels by given angles: the arithmetic of rotary positions (Su et al., RoFormer, arXiv 2104.09864,
 * section 3.2.2). With (a, b) the pair i of row n, and c, s its cosine and sine,
 *
 * <pre>
 *   (a, b)  becomes  (a c - b s, b c + a s),   or  (a c + b s, b c - a s)  to turn back
 * </pre>
 * Turning back is the gradient of turning.
 */
public final class Rotation {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int SMALL = 1 << 14;

    /** Which channels make pair i of d/2. */
    public enum Pairs {
        /** Channels i and i + d/2. */
        HALVES,
        /** Channels 2i and 2i + 1. */
        NEIGHBOURS
    }

    private Rotation() { }

    /**
     * Turns every row.
     *
     * @param x       (B, H, N, d), d even
     * @param out     (B, H, N, d); may be {@code x} itself
     * @param cosines (N, d/2) contiguous floats, one row for each row of {@code x}
     * @param sines   likewise
     * @param pairs   which channels belong together
     * @param back    whether to turn by the opposite angle
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void turn(Rows x, Rows out, MemorySegment cosines, MemorySegment sines, Pairs pairs, boolean back) {
        check(x, out, cosines, sines);
        int heads = x.batch() * x.heads();
        if ((long) heads * x.rows() * x.width() <= SMALL) {
            for (int task = 0; task < heads; task++) {
                turnHead(x, out, cosines, sines, pairs, back, task);
            }
        } else {
            Workers.run(heads, task -> turnHead(x, out, cosines, sines, pairs, back, task));
        }
    }

    /**
     * Turns rows on the heap in place, pairs in halves.
     *
     * @param x       (rows, heads, d)
     * @param cosines (rows, d/2)
     * @param sines   likewise
     * @throws IllegalArgumentException when an array is too short or d is odd
     */
    public static void turn(float[] x, int rows, int heads, int width, float[] cosines, float[] sines) {
        Arguments.equal("width modulo 2", width % 2, 0);
        Arguments.range("x length", x.length, (long) rows * heads * width, Integer.MAX_VALUE);
        Arguments.range("cosines length", cosines.length, (long) rows * width / 2, Integer.MAX_VALUE);
        Arguments.range("sines length", sines.length, (long) rows * width / 2, Integer.MAX_VALUE);
        for (int row = 0; row < rows; row++) {
            for (int head = 0; head < heads; head++) {
                halves(x, (row * heads + head) * width, cosines, sines, row * width / 2, width / 2);
            }
        }
    }

    private static void halves(float[] x, int at, float[] cosines, float[] sines, int angle, int half) {
        int i = 0;
        for (; i <= half - Lanes.COUNT; i += Lanes.COUNT) {
            FloatVector a = FloatVector.fromArray(Lanes.FLOAT, x, at + i);
            FloatVector b = FloatVector.fromArray(Lanes.FLOAT, x, at + half + i);
            FloatVector c = FloatVector.fromArray(Lanes.FLOAT, cosines, angle + i);
            FloatVector s = FloatVector.fromArray(Lanes.FLOAT, sines, angle + i);
            a.mul(c).sub(b.mul(s)).intoArray(x, at + i);
            b.mul(c).add(a.mul(s)).intoArray(x, at + half + i);
        }
        for (; i < half; i++) {
            float a = x[at + i];
            float b = x[at + half + i];
            x[at + i] = a * cosines[angle + i] - b * sines[angle + i];
            x[at + half + i] = b * cosines[angle + i] + a * sines[angle + i];
        }
    }

    private static void check(Rows x, Rows out, MemorySegment cosines, MemorySegment sines) {
        if (x.width() % 2 != 0) {
            throw new IllegalArgumentException("x: width " + x.width() + ", must be even");
        }
        if (out.batch() != x.batch() || out.heads() != x.heads() || out.rows() != x.rows()
                || out.width() != x.width()) {
            throw new IllegalArgumentException("out: shape " + out.shape() + ", x has " + x.shape());
        }
        long bytes = (long) x.rows() * (x.width() / 2) * Float.BYTES;
        if (cosines.byteSize() < bytes || sines.byteSize() < bytes) {
            throw new IllegalArgumentException("cosines, sines: hold " + cosines.byteSize() / Float.BYTES + " and "
                    + sines.byteSize() / Float.BYTES + " floats, (N, d/2) = (" + x.rows() + ", " + x.width() / 2
                    + ") needs "
                    + bytes / Float.BYTES);
        }
    }

    private static void turnHead(Rows x, Rows out, MemorySegment cosines, MemorySegment sines, Pairs pairs,
            boolean back,
            int task) {
        int b = task / x.heads();
        int head = task % x.heads();
        int half = x.width() / 2;
        float sign = back ? -1 : 1;
        for (int row = 0; row < x.rows(); row++) {
            long from = x.offset(b, head, row);
            long to = out.offset(b, head, row);
            long angle = (long) row * half;
            if (pairs == Pairs.HALVES) {
                halves(x.data(), from, out.data(), to, cosines, sines, angle, half, sign);
            } else {
                neighbours(x.data(), from, out.data(), to, cosines, sines, angle, half, sign);
            }
        }
    }

    private static void halves(MemorySegment x, long from, MemorySegment out, long to, MemorySegment cosines,
            MemorySegment sines, long angle, int half, float sign) {
        int i = 0;
        for (; i <= half - Lanes.COUNT; i += Lanes.COUNT) {
            FloatVector a = load(x, from + i);
            FloatVector b = load(x, from + half + i);
            FloatVector c = load(cosines, angle + i);
            FloatVector s = load(sines, angle + i).mul(sign);
            a.mul(c).sub(b.mul(s)).intoMemorySegment(out, (to + i) * Float.BYTES, ORDER);
            b.mul(c).add(a.mul(s)).intoMemorySegment(out, (to + half + i) * Float.BYTES, ORDER);
        }
        for (; i < half; i++) {
            pair(x, from + i, from + half + i, out, to + i, to + half + i, cosines, sines, angle + i, sign);
        }
    }

    private static void neighbours(MemorySegment x, long from, MemorySegment out, long to, MemorySegment cosines,
            MemorySegment sines, long angle, int half, float sign) {
        for (int i = 0; i < half; i++) {
            pair(x, from + 2L * i, from + 2L * i + 1, out, to + 2L * i, to + 2L * i + 1, cosines, sines, angle + i,
                    sign);
        }
    }

    private static void pair(MemorySegment x, long first, long second, MemorySegment out, long firstOut, long secondOut,
            MemorySegment cosines, MemorySegment sines, long angle, float sign) {
        float a = x.get(FLOAT, first * Float.BYTES);
        float b = x.get(FLOAT, second * Float.BYTES);
        float c = cosines.get(FLOAT, angle * Float.BYTES);
        float s = sign * sines.get(FLOAT, angle * Float.BYTES);
        out.set(FLOAT, firstOut * Float.BYTES, a * c - b * s);
        out.set(FLOAT, secondOut * Float.BYTES, b * c + a * s);
    }

    private static FloatVector load(MemorySegment data, long at) {
        return FloatVector.fromMemorySegment(Lanes.FLOAT, data, at * Float.BYTES, ORDER);
    }
}
