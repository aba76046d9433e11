package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Copies rows between strided memory and heap scratch in the layouts that {@link Matrix} reads: row-major with each
 * row padded by zeros to whole vectors, or transposed. Zero padding keeps tails exact: it adds nothing to a product.
 */
final class Panels {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final ValueLayout.OfFloat LAYOUT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private Panels() { }

    /** {@code width} rounded up to whole vectors. */
    static int padded(int width) {
        return (width + LANES - 1) / LANES * LANES;
    }

    /**
     * Copies {@code rows} rows of {@code width} floats into {@code to}, each padded with zeros up to {@code toRow}
     * floats.
     *
     * @param fromOffset float offset of the first row in {@code from}
     * @param fromRow    floats from one row to the next in {@code from}
     */
    static void read(MemorySegment from, long fromOffset, long fromRow, int rows, int width, float[] to, int toOffset,
            int toRow) {
        if (fromRow == width && toRow == width) {
            MemorySegment.copy(from, LAYOUT, fromOffset * Float.BYTES, to, toOffset, rows * width);
            return;
        }
        for (int i = 0; i < rows; i++) {
            int at = toOffset + i * toRow;
            MemorySegment.copy(from, LAYOUT, (fromOffset + i * fromRow) * Float.BYTES, to, at, width);
            Arrays.fill(to, at + width, at + toRow, 0f);
        }
    }

    /**
     * Copies {@code rows} rows of {@code width} floats from scratch into strided memory: the inverse of {@link #read}.
     */
    static void write(float[] from, int fromOffset, int fromRow, int rows, int width, MemorySegment to, long toOffset,
            long toRow) {
        if (fromRow == width && toRow == width) {
            MemorySegment.copy(from, fromOffset, to, LAYOUT, toOffset * Float.BYTES, rows * width);
            return;
        }
        for (int i = 0; i < rows; i++) {
            MemorySegment.copy(from, fromOffset + i * fromRow, to, LAYOUT, (toOffset + i * toRow) * Float.BYTES, width);
        }
    }

    /**
     * Transposes a (rows, columns) block of scratch into (columns, rows), padding each row of the result with zeros up
     * to {@code toRow} floats.
     */
    static void transpose(float[] from, int fromOffset, int fromRow, int rows, int columns, float[] to, int toOffset,
            int toRow) {
        for (int j = 0; j < columns; j++) {
            int at = toOffset + j * toRow;
            for (int i = 0, p = fromOffset + j; i < rows; i++, p += fromRow) {
                to[at + i] = from[p];
            }
            for (int i = rows; i < toRow; i++) {
                to[at + i] = 0f;
            }
        }
    }

    /** Multiplies {@code length} floats from {@code offset} by {@code factor}. */
    static void scale(float[] x, int offset, int length, float factor) {
        int i = 0;
        for (; i <= length - LANES; i += LANES) {
            FloatVector.fromArray(FLOAT, x, offset + i).mul(factor).intoArray(x, offset + i);
        }
        for (; i < length; i++) {
            x[offset + i] *= factor;
        }
    }

    /** Adds {@code length} floats of {@code from} to those of {@code to}. */
    static void add(float[] to, int toOffset, float[] from, int fromOffset, int length) {
        int i = 0;
        for (; i <= length - LANES; i += LANES) {
            FloatVector.fromArray(FLOAT, to, toOffset + i).add(FloatVector.fromArray(FLOAT, from, fromOffset + i))
                    .intoArray(to, toOffset + i);
        }
        for (; i < length; i++) {
            to[toOffset + i] += from[fromOffset + i];
        }
    }
}
