package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The forward recurrence a' = decay a + weight v, o = a' / c', over a run of tokens of one head. Columns go through
 * registers in tiles; the state lies in {@code state} between runs.
 */
final class ScanForward {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int LANES = Lanes.COUNT;

    /** Tokens that one tile of columns goes through before the next tile: their rows stay in the first cache. */
    private static final int RUN = 64;

    private ScanForward() { }

    /**
     * Goes through tokens {@code from} to {@code to} of one head.
     *
     * @param base  slot 0 of the head in {@code weights}
     * @param state a before token {@code from}, then a after the last, at {@code stateAt}, d floats
     * @param out   o or null, (B, H, N, d)
     * @param sums  a after every token or null, (B, H, N, d)
     */
    static void sweep(ScanWeights weights, int base, Rows values, Rows out, Rows sums, int b, int h, int from, int to,
                      float[] state, int stateAt) {
        int width = values.width();
        for (int first = from, count; first < to; first += count) {
            int slot = base + 1 + first;
            count = run(weights.weight, slot, Math.min(RUN, to - first));
            long v = values.offset(b, h, first) * Float.BYTES;
            long vStep = values.rowStride() * Float.BYTES;
            long o = out == null ? 0 : out.offset(b, h, first) * Float.BYTES;
            long oStep = out == null ? 0 : out.rowStride() * Float.BYTES;
            long a = sums == null ? 0 : sums.offset(b, h, first) * Float.BYTES;
            long aStep = sums == null ? 0 : sums.rowStride() * Float.BYTES;
            MemorySegment outData = out == null ? null : out.data();
            MemorySegment sumsData = sums == null ? null : sums.data();
            if (weights.weight[slot] == 0) {
                repeat(state, stateAt, width, weights.inverse[slot], count, outData, o, oStep);
                repeat(state, stateAt, width, 1, count, sumsData, a, aStep);
                continue;
            }
            int column = 0;
            for (; column + 4 * LANES <= width; column += 4 * LANES) {
                long skip = (long) column * Float.BYTES;
                fourVectors(weights, slot, count, values.data(), v + skip, vStep, outData, o + skip, oStep,
                        sumsData, a + skip, aStep, state, stateAt + column);
            }
            for (; column + LANES <= width; column += LANES) {
                long skip = (long) column * Float.BYTES;
                oneVector(weights, slot, count, values.data(), v + skip, vStep, outData, o + skip, oStep,
                        sumsData, a + skip, aStep, state, stateAt + column);
            }
            for (; column < width; column++) {
                long skip = (long) column * Float.BYTES;
                oneFloat(weights, slot, count, values.data(), v + skip, vStep, outData, o + skip, oStep,
                        sumsData, a + skip, aStep, state, stateAt + column);
            }
        }
    }

    /**
     * Tokens from {@code slot} on that are all real or all padded: a padded one changes nothing, whatever its value
     * holds.
     */
    private static int run(float[] weight, int slot, int most) {
        boolean padded = weight[slot] == 0;
        int count = 1;
        while (count < most && (weight[slot + count] == 0) == padded) {
            count++;
        }
        return count;
    }

    /** The same row, a times {@code factor}, for a run of padded tokens. */
    private static void repeat(float[] state, int at, int width, float factor, int count, MemorySegment to, long row,
                               long step) {
        for (int t = 0; to != null && t < count; t++) {
            for (int i = 0; i < width; i++) {
                to.set(ValueLayout.JAVA_FLOAT, row + t * step + (long) i * Float.BYTES, state[at + i] * factor);
            }
        }
    }

    private static void fourVectors(ScanWeights weights, int slot, int count, MemorySegment values, long v, long vStep,
                                    MemorySegment out, long o, long oStep, MemorySegment sums, long a, long aStep,
                                    float[] state, int at) {
        float[] weight = weights.weight;
        float[] decay = weights.decay;
        float[] inverse = weights.inverse;
        long vector = (long) LANES * Float.BYTES;
        FloatVector a0 = FloatVector.fromArray(SPECIES, state, at);
        FloatVector a1 = FloatVector.fromArray(SPECIES, state, at + LANES);
        FloatVector a2 = FloatVector.fromArray(SPECIES, state, at + 2 * LANES);
        FloatVector a3 = FloatVector.fromArray(SPECIES, state, at + 3 * LANES);
        for (int t = 0; t < count; t++) {
            FloatVector w = FloatVector.broadcast(SPECIES, weight[slot + t]);
            FloatVector r = FloatVector.broadcast(SPECIES, decay[slot + t]);
            long from = v + t * vStep;
            a0 = FloatVector.fromMemorySegment(SPECIES, values, from, ORDER).fma(w, a0.mul(r));
            a1 = FloatVector.fromMemorySegment(SPECIES, values, from + vector, ORDER).fma(w, a1.mul(r));
            a2 = FloatVector.fromMemorySegment(SPECIES, values, from + 2 * vector, ORDER).fma(w, a2.mul(r));
            a3 = FloatVector.fromMemorySegment(SPECIES, values, from + 3 * vector, ORDER).fma(w, a3.mul(r));
            if (out != null) {
                FloatVector i = FloatVector.broadcast(SPECIES, inverse[slot + t]);
                long row = o + t * oStep;
                a0.mul(i).intoMemorySegment(out, row, ORDER);
                a1.mul(i).intoMemorySegment(out, row + vector, ORDER);
                a2.mul(i).intoMemorySegment(out, row + 2 * vector, ORDER);
                a3.mul(i).intoMemorySegment(out, row + 3 * vector, ORDER);
            }
            if (sums != null) {
                long row = a + t * aStep;
                a0.intoMemorySegment(sums, row, ORDER);
                a1.intoMemorySegment(sums, row + vector, ORDER);
                a2.intoMemorySegment(sums, row + 2 * vector, ORDER);
                a3.intoMemorySegment(sums, row + 3 * vector, ORDER);
            }
        }
        a0.intoArray(state, at);
        a1.intoArray(state, at + LANES);
        a2.intoArray(state, at + 2 * LANES);
        a3.intoArray(state, at + 3 * LANES);
    }

    private static void oneVector(ScanWeights weights, int slot, int count, MemorySegment values, long v, long vStep,
                                  MemorySegment out, long o, long oStep, MemorySegment sums, long a, long aStep,
                                  float[] state, int at) {
        float[] weight = weights.weight;
        float[] decay = weights.decay;
        float[] inverse = weights.inverse;
        FloatVector a0 = FloatVector.fromArray(SPECIES, state, at);
        for (int t = 0; t < count; t++) {
            a0 = FloatVector.fromMemorySegment(SPECIES, values, v + t * vStep, ORDER)
                    .fma(FloatVector.broadcast(SPECIES, weight[slot + t]), a0.mul(decay[slot + t]));
            if (out != null) {
                a0.mul(inverse[slot + t]).intoMemorySegment(out, o + t * oStep, ORDER);
            }
            if (sums != null) {
                a0.intoMemorySegment(sums, a + t * aStep, ORDER);
            }
        }
        a0.intoArray(state, at);
    }

    private static void oneFloat(ScanWeights weights, int slot, int count, MemorySegment values, long v, long vStep,
                                 MemorySegment out, long o, long oStep, MemorySegment sums, long a, long aStep,
                                 float[] state, int at) {
        float a0 = state[at];
        for (int t = 0; t < count; t++) {
            a0 = Math.fma(values.get(ValueLayout.JAVA_FLOAT, v + t * vStep), weights.weight[slot + t],
                    a0 * weights.decay[slot + t]);
            if (out != null) {
                out.set(ValueLayout.JAVA_FLOAT, o + t * oStep, a0 * weights.inverse[slot + t]);
            }
            if (sums != null) {
                sums.set(ValueLayout.JAVA_FLOAT, a + t * aStep, a0);
            }
        }
        state[at] = a0;
    }
}
