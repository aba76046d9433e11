package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The two passes of one query over a few cached rows, read where they lie: q . k_j, and the sum of weighted values. */
final class CachedKeys {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int LANES = Lanes.COUNT;
    private static final long VECTOR = (long) LANES * Float.BYTES;

    private CachedKeys() { }

    /**
     * logits[j] = q . k_j for {@code count} rows; up to a vector of logits after them is overwritten.
     *
     * @param at   byte offset of the first row
     * @param step bytes from one row to the next
     */
    static void dots(MemorySegment keys, long at, long step, int count, int width, float[] q, int qAt, float[] logits,
            int logitsAt) {
        int j = 0;
        // more rows at a time keep more reads under way; a row's sum is the same in either
        for (; j + 8 <= count; j += 8) {
            eightDots(keys, at + j * step, step, width, q, qAt, logits, logitsAt + j);
        }
        for (; j + 4 <= count; j += 4) {
            fourDots(keys, at + j * step, step, width, q, qAt, logits, logitsAt + j);
        }
        for (; j < count; j++) {
            logits[logitsAt + j] = dot(keys, at + j * step, width, q, qAt);
        }
    }

    private static void eightDots(MemorySegment keys, long at, long step, int width, float[] q, int qAt, float[] logits,
            int logitsAt) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        FloatVector s4 = s0;
        FloatVector s5 = s0;
        FloatVector s6 = s0;
        FloatVector s7 = s0;
        int whole = width / LANES * LANES;
        long row = at;
        for (int i = 0; i < whole; i += LANES, row += VECTOR) {
            FloatVector x = FloatVector.fromArray(SPECIES, q, qAt + i);
            s0 = FloatVector.fromMemorySegment(SPECIES, keys, row, ORDER).fma(x, s0);
            s1 = FloatVector.fromMemorySegment(SPECIES, keys, row + step, ORDER).fma(x, s1);
            s2 = FloatVector.fromMemorySegment(SPECIES, keys, row + 2 * step, ORDER).fma(x, s2);
            s3 = FloatVector.fromMemorySegment(SPECIES, keys, row + 3 * step, ORDER).fma(x, s3);
            s4 = FloatVector.fromMemorySegment(SPECIES, keys, row + 4 * step, ORDER).fma(x, s4);
            s5 = FloatVector.fromMemorySegment(SPECIES, keys, row + 5 * step, ORDER).fma(x, s5);
            s6 = FloatVector.fromMemorySegment(SPECIES, keys, row + 6 * step, ORDER).fma(x, s6);
            s7 = FloatVector.fromMemorySegment(SPECIES, keys, row + 7 * step, ORDER).fma(x, s7);
        }
        LaneSums.ofFour(s0, s1, s2, s3).intoArray(logits, logitsAt);
        LaneSums.ofFour(s4, s5, s6, s7).intoArray(logits, logitsAt + 4);
        for (int j = 0; whole < width && j < 8; j++) {
            logits[logitsAt + j] = tail(keys, at + j * step, whole, width, q, qAt, logits[logitsAt + j]);
        }
    }

    private static void fourDots(MemorySegment keys, long at, long step, int width, float[] q, int qAt, float[] logits,
            int logitsAt) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int whole = width / LANES * LANES;
        long row = at;
        for (int i = 0; i < whole; i += LANES, row += VECTOR) {
            FloatVector x = FloatVector.fromArray(SPECIES, q, qAt + i);
            s0 = FloatVector.fromMemorySegment(SPECIES, keys, row, ORDER).fma(x, s0);
            s1 = FloatVector.fromMemorySegment(SPECIES, keys, row + step, ORDER).fma(x, s1);
            s2 = FloatVector.fromMemorySegment(SPECIES, keys, row + 2 * step, ORDER).fma(x, s2);
            s3 = FloatVector.fromMemorySegment(SPECIES, keys, row + 3 * step, ORDER).fma(x, s3);
        }
        LaneSums.ofFour(s0, s1, s2, s3).intoArray(logits, logitsAt);
        for (int j = 0; whole < width && j < 4; j++) {
            logits[logitsAt + j] = tail(keys, at + j * step, whole, width, q, qAt, logits[logitsAt + j]);
        }
    }

    private static float dot(MemorySegment keys, long at, int width, float[] q, int qAt) {
        FloatVector sum = FloatVector.zero(SPECIES);
        int whole = width / LANES * LANES;
        for (int i = 0; i < whole; i += LANES) {
            sum = FloatVector.fromMemorySegment(SPECIES, keys, at + (long) i * Float.BYTES, ORDER)
                    .fma(FloatVector.fromArray(SPECIES, q, qAt + i), sum);
        }
        return tail(keys, at, whole, width, q, qAt, RowReduction.sumOfLanes(sum));
    }

    private static float tail(MemorySegment keys, long at, int from, int width, float[] q, int qAt, float sum) {
        for (int i = from; i < width; i++) {
            sum = Math.fma(keys.get(ValueLayout.JAVA_FLOAT, at + (long) i * Float.BYTES), q[qAt + i], sum);
        }
        return sum;
    }

    /** out += sum_j weights[j] v_j over {@code count} rows. */
    static void addWeighted(MemorySegment values, long at, long step, int count, int width, float[] weights,
            int weightsAt,
            float[] out, int outAt) {
        int column = 0;
        for (; column + 4 * LANES <= width; column += 4 * LANES) {
            fourColumns(values, at + (long) column * Float.BYTES, step, count, weights, weightsAt, out, outAt + column);
        }
        for (; column + LANES <= width; column += LANES) {
            oneColumn(values, at + (long) column * Float.BYTES, step, count, weights, weightsAt, out, outAt + column);
        }
        for (; column < width; column++) {
            float sum = out[outAt + column];
            for (int j = 0; j < count; j++) {
                long row = at + j * step + (long) column * Float.BYTES;
                sum = Math.fma(values.get(ValueLayout.JAVA_FLOAT, row), weights[weightsAt + j], sum);
            }
            out[outAt + column] = sum;
        }
    }

    private static void fourColumns(MemorySegment values, long at, long step, int count, float[] weights, int weightsAt,
            float[] out, int outAt) {
        FloatVector o0 = FloatVector.fromArray(SPECIES, out, outAt);
        FloatVector o1 = FloatVector.fromArray(SPECIES, out, outAt + LANES);
        FloatVector o2 = FloatVector.fromArray(SPECIES, out, outAt + 2 * LANES);
        FloatVector o3 = FloatVector.fromArray(SPECIES, out, outAt + 3 * LANES);
        for (int j = 0; j < count; j++) {
            long row = at + j * step;
            FloatVector p = FloatVector.broadcast(SPECIES, weights[weightsAt + j]);
            o0 = FloatVector.fromMemorySegment(SPECIES, values, row, ORDER).fma(p, o0);
            o1 = FloatVector.fromMemorySegment(SPECIES, values, row + VECTOR, ORDER).fma(p, o1);
            o2 = FloatVector.fromMemorySegment(SPECIES, values, row + 2 * VECTOR, ORDER).fma(p, o2);
            o3 = FloatVector.fromMemorySegment(SPECIES, values, row + 3 * VECTOR, ORDER).fma(p, o3);
        }
        o0.intoArray(out, outAt);
        o1.intoArray(out, outAt + LANES);
        o2.intoArray(out, outAt + 2 * LANES);
        o3.intoArray(out, outAt + 3 * LANES);
    }

    private static void oneColumn(MemorySegment values, long at, long step, int count, float[] weights, int weightsAt,
            float[] out, int outAt) {
        FloatVector o = FloatVector.fromArray(SPECIES, out, outAt);
        for (int j = 0; j < count; j++) {
            o = FloatVector.fromMemorySegment(SPECIES, values, at + j * step, ORDER)
                    .fma(FloatVector.broadcast(SPECIES, weights[weightsAt + j]), o);
        }
        o.intoArray(out, outAt);
    }
}
