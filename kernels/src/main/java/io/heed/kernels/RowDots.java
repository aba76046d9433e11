package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Dot products of one vector with rows on the heap, as {@link CachedKeys} takes them with rows in memory. */
final class RowDots {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;

    private RowDots() { }

    /** out[j] = rows_j . x for {@code count} rows of {@code width}; up to a vector after them is overwritten. */
    static void dots(float[] rows, int count, int width, float[] x, int xAt, float[] out) {
        int j = 0;
        for (; j + 4 <= count; j += 4) {
            four(rows, j * width, width, x, xAt, out, j);
        }
        for (; j < count; j++) {
            out[j] = RowReduction.dot(rows, j * width, x, xAt, width);
        }
    }

    private static void four(float[] rows, int at, int width, float[] x, int xAt, float[] out, int outAt) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int whole = width / LANES * LANES;
        for (int i = 0, p = at; i < whole; i += LANES, p += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, xAt + i);
            s0 = FloatVector.fromArray(SPECIES, rows, p).fma(v, s0);
            s1 = FloatVector.fromArray(SPECIES, rows, p + width).fma(v, s1);
            s2 = FloatVector.fromArray(SPECIES, rows, p + 2 * width).fma(v, s2);
            s3 = FloatVector.fromArray(SPECIES, rows, p + 3 * width).fma(v, s3);
        }
        LaneSums.ofFour(s0, s1, s2, s3).intoArray(out, outAt);
        for (int j = 0; whole < width && j < 4; j++) {
            float sum = out[outAt + j];
            for (int i = whole; i < width; i++) {
                sum = Math.fma(rows[at + j * width + i], x[xAt + i], sum);
            }
            out[outAt + j] = sum;
        }
    }
}
