package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * What both passes of {@link GatherAttention} do with a tile of gathered keys by a block of queries, S = (keys,
 * queries) with the queries in lanes.
 */
final class GatherTiles {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final VectorSpecies<Integer> INT = Lanes.INT;
    private static final int LANES = Lanes.COUNT;

    /** Queries that one pass takes at most. */
    static final int TILE_QUERIES = 64;
    /** Keys gathered at once: whole register blocks. */
    static final int TILE_KEYS = 192;
    /** Rows of scratch for the queries of a pass, rounded up to register blocks. */
    static final int QUERY_ROWS = (TILE_QUERIES + Matrix.ROWS - 1) / Matrix.ROWS * Matrix.ROWS;
    /** Floats of a tile S, with room for what a register block reads beyond its last row. */
    static final int TILE_FLOATS = TILE_KEYS * TILE_QUERIES + Matrix.ROWS;

    private GatherTiles() { }

    /** Copies the rows that a list names, each padded with zeros up to {@code toRow} floats. */
    static void gather(Rows from, int b, int head, int[] keys, int at, int count, float[] to, int toRow) {
        MemorySegment data = from.data();
        long base = from.offset(b, head, 0) * Float.BYTES;
        long stride = from.rowStride() * Float.BYTES;
        int width = from.width();
        int whole = width / LANES * LANES;
        for (int t = 0; t < count; t++) {
            long source = base + keys[at + t] * stride;
            int target = t * toRow;
            for (int c = 0; c < whole; c += LANES) {
                FloatVector.fromMemorySegment(FLOAT, data, source + (long) c * Float.BYTES, ByteOrder.nativeOrder())
                        .intoArray(to, target + c);
            }
            for (int c = whole; c < width; c++) {
                to[target + c] = data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, source + (long) c * Float.BYTES);
            }
            for (int c = width; c < toRow; c++) {
                to[target + c] = 0f;
            }
        }
    }

    /**
     * Adds rows, whole vectors each, to those that a list names, {@code toRow} floats apart: the inverse of {@link
     * #gather}.
     */
    static void scatterAdd(float[] from, int row, int[] keys, int at, int count, float[] to, int toOffset, int toRow) {
        for (int t = 0; t < count; t++) {
            int source = t * row;
            int target = toOffset + keys[at + t] * toRow;
            for (int c = 0; c < row; c += LANES) {
                FloatVector.fromArray(FLOAT, to, target + c).add(FloatVector.fromArray(FLOAT, from, source + c))
                        .intoArray(to, target + c);
            }
        }
    }

    /** {@code rows} rounded up to register blocks: what is computed beyond is never read. */
    static int blocked(int rows) {
        return (rows + Matrix.ROWS - 1) / Matrix.ROWS * Matrix.ROWS;
    }

    /** Puts {@code value} wherever the key's place in the tile is not below the query's limit. */
    static void hide(float[] s, int count, int columns, int[] limits, float value) {
        int least = count;
        for (int c = 0; c < columns; c++) {
            least = Math.min(least, limits[c]);
        }
        for (int t = Math.max(0, least); t < count; t++) {
            for (int c = 0; c < columns; c += LANES) {
                FloatVector row = FloatVector.fromArray(FLOAT, s, t * columns + c);
                row.blend(value, IntVector.fromArray(INT, limits, c).compare(VectorOperators.LE, t).cast(FLOAT))
                        .intoArray(s, t * columns + c);
            }
        }
    }

    /**
     * Online softmax of each column, in powers of two: S becomes 2^(s - m) with the new reference m, sums go on, and
     * {@code factors} say by how much what was summed up before shrinks.
     */
    static void weigh(float[] s, int count, int columns, float[] references, float[] sums, float[] factors) {
        for (int c = 0; c < columns; c += LANES) {
            FloatVector old = FloatVector.fromArray(FLOAT, references, c);
            FloatVector m = old;
            for (int t = 0, at = c; t < count; t++, at += columns) {
                m = m.max(FloatVector.fromArray(FLOAT, s, at));
            }
            FloatVector sum = FloatVector.zero(FLOAT);
            for (int t = 0, at = c; t < count; t++, at += columns) {
                FloatVector p = Exponential.exp2(FloatVector.fromArray(FLOAT, s, at).sub(m));
                sum = sum.add(p);
                p.intoArray(s, at);
            }
            FloatVector factor = Exponential.exp2(old.sub(m));
            factor.intoArray(factors, c);
            m.intoArray(references, c);
            FloatVector.fromArray(FLOAT, sums, c).fma(factor, sum).intoArray(sums, c);
        }
    }

    /** The backward pass of each column: P = 2^(s - lse) over S, and dS = P (dP - delta) over dP. */
    static void differentiate(float[] s, float[] gradients, int count, int columns, float[] lse, float[] delta) {
        for (int c = 0; c < columns; c += LANES) {
            FloatVector reference = FloatVector.fromArray(FLOAT, lse, c);
            FloatVector less = FloatVector.fromArray(FLOAT, delta, c);
            for (int t = 0, at = c; t < count; t++, at += columns) {
                FloatVector p = Exponential.exp2(FloatVector.fromArray(FLOAT, s, at).sub(reference));
                p.intoArray(s, at);
                FloatVector.fromArray(FLOAT, gradients, at).sub(less).mul(p).intoArray(gradients, at);
            }
        }
    }

    /** How many keys from {@code start} on each of {@code rows} queries sees; the lanes beyond see none. */
    static int limits(KeyLists lists, int seenAt, int rows, int columns, int length, int start, int[] limits) {
        int most = 0;
        for (int r = 0; r < rows; r++) {
            limits[r] = (lists.seen() == null ? length : lists.seen()[seenAt + r]) - start;
            most = Math.max(most, limits[r]);
        }
        Arrays.fill(limits, rows, columns, TILE_KEYS); // nothing reads them: not worth a mask
        return most;
    }

    /** Rows of a block's queries, turned: (width, columns), with zeros in the lanes beyond. */
    static void turn(float[] rows, int row, int count, int width, float[] to, int columns) {
        Panels.transpose(rows, 0, row, count, width, to, 0, columns);
    }
}
