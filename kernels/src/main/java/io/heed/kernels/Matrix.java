package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Small matrix products on heap scratch, C = A B and C += A B, with a block of C held in registers: {@value #ROWS}
 * rows by {@link #COLUMNS} columns, the shape of the Goto and van de Geijn micro-kernel ("Anatomy of high-performance
 * matrix multiplication", 2008) that keeps the multiply-add units busy.
 *
 * <p>A is read element by element with two free strides, so a transposed A costs nothing: element (i, k) of A lies at
 * {@code aOffset + i * aRow + k * aColumn}. B and C are row-major with rows that are whole vectors: {@code columns}
 * must be a multiple of {@link Lanes#COUNT}, and whoever fills B pads its rows (see {@link Panels}).
 *
 * <p>Each element of C is one chain of fused multiply-adds in the order of k, whatever block it falls in, so a result
 * does not depend on how a caller cuts rows, columns or depth into tiles.
 *
 * <p>The blocks are written out because the compiler keeps vectors in registers only where it inlines everything: a
 * helper that it refused to inline made this ten times slower.
 */
final class Matrix {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;

    /** Rows of C in one register block. */
    static final int ROWS = 6;

    /** Vectors in one row of the register block: 24 accumulators need 32 registers, 12 fit in 16. */
    private static final int VECTORS = FLOAT.vectorBitSize() == 512 ? 4 : 2;

    /** Columns of C in one register block: the natural width of a packed panel. */
    static final int COLUMNS = VECTORS * LANES;

    private Matrix() { }

    /** C = A B: C (rows, columns), A (rows, depth), B (depth, columns). */
    static void multiply(int rows, int columns, int depth, float[] a, int aOffset, int aRow, int aColumn,
            float[] b, int bOffset, int bRow, float[] c, int cOffset, int cRow) {
        blocks(rows, columns, depth, a, aOffset, aRow, aColumn, b, bOffset, bRow, c, cOffset, cRow, false);
    }

    /** C += A B: C (rows, columns), A (rows, depth), B (depth, columns). */
    static void multiplyAdd(int rows, int columns, int depth, float[] a, int aOffset, int aRow, int aColumn,
            float[] b, int bOffset, int bRow, float[] c, int cOffset, int cRow) {
        blocks(rows, columns, depth, a, aOffset, aRow, aColumn, b, bOffset, bRow, c, cOffset, cRow, true);
    }

    private static void blocks(int rows, int columns, int depth, float[] a, int aOffset, int aRow, int aColumn,
            float[] b, int bOffset, int bRow, float[] c, int cOffset, int cRow, boolean add) {
        int j = 0;
        if (VECTORS == 4) {
            for (; j + 4 * LANES <= columns; j += 4 * LANES) {
                int i = 0;
                for (; i + ROWS <= rows; i += ROWS) {
                    sixByFour(depth, a, aOffset + i * aRow, aRow, aColumn, b, bOffset + j, bRow, c,
                            cOffset + i * cRow + j, cRow, add);
                }
                for (; i < rows; i++) {
                    oneByFour(depth, a, aOffset + i * aRow, aColumn, b, bOffset + j, bRow, c, cOffset + i * cRow + j,
                            add);
                }
            }
        }
        for (; j + 2 * LANES <= columns; j += 2 * LANES) {
            int i = 0;
            for (; i + ROWS <= rows; i += ROWS) {
                sixByTwo(depth, a, aOffset + i * aRow, aRow, aColumn, b, bOffset + j, bRow, c, cOffset + i * cRow + j,
                        cRow, add);
            }
            for (; i < rows; i++) {
                oneByTwo(depth, a, aOffset + i * aRow, aColumn, b, bOffset + j, bRow, c, cOffset + i * cRow + j, add);
            }
        }
        for (; j + LANES <= columns; j += LANES) {
            int i = 0;
            for (; i + ROWS <= rows; i += ROWS) {
                sixByOne(depth, a, aOffset + i * aRow, aRow, aColumn, b, bOffset + j, bRow, c, cOffset + i * cRow + j,
                        cRow, add);
            }
            for (; i < rows; i++) {
                oneByOne(depth, a, aOffset + i * aRow, aColumn, b, bOffset + j, bRow, c, cOffset + i * cRow + j, add);
            }
        }
    }

    /** 6 rows by 4 vectors of C. */
    private static void sixByFour(int depth, float[] a, int aOffset, int aRow, int aColumn, float[] b, int bOffset,
            int bRow, float[] c, int cOffset, int cRow, boolean add) {
        FloatVector c00 = add ? FloatVector.fromArray(FLOAT, c, cOffset) : FloatVector.zero(FLOAT);
        FloatVector c01 = add ? FloatVector.fromArray(FLOAT, c, cOffset + LANES) : FloatVector.zero(FLOAT);
        FloatVector c02 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 2 * LANES) : FloatVector.zero(FLOAT);
        FloatVector c03 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 3 * LANES) : FloatVector.zero(FLOAT);
        FloatVector c10 = add ? FloatVector.fromArray(FLOAT, c, cOffset + cRow) : FloatVector.zero(FLOAT);
        FloatVector c11 = add ? FloatVector.fromArray(FLOAT, c, cOffset + cRow + LANES) : FloatVector.zero(FLOAT);
        FloatVector c12 = add ? FloatVector.fromArray(FLOAT, c, cOffset + cRow + 2 * LANES) : FloatVector.zero(FLOAT);
        FloatVector c13 = add ? FloatVector.fromArray(FLOAT, c, cOffset + cRow + 3 * LANES) : FloatVector.zero(FLOAT);
        FloatVector c20 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 2 * cRow) : FloatVector.zero(FLOAT);
        FloatVector c21 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 2 * cRow + LANES) : FloatVector.zero(FLOAT);
        FloatVector c22 = add ? FloatVector.fromArray(FLOAT, c,
                cOffset + 2 * cRow + 2 * LANES) : FloatVector.zero(FLOAT);
        FloatVector c23 = add ? FloatVector.fromArray(FLOAT, c,
                cOffset + 2 * cRow + 3 * LANES) : FloatVector.zero(FLOAT);
        FloatVector c30 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 3 * cRow) : FloatVector.zero(FLOAT);
        FloatVector c31 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 3 * cRow + LANES) : FloatVector.zero(FLOAT);
        FloatVector c32 = add ? FloatVector.fromArray(FLOAT, c,
                cOffset + 3 * cRow + 2 * LANES) : FloatVector.zero(FLOAT);
        FloatVector c33 = add ? FloatVector.fromArray(FLOAT, c,
                cOffset + 3 * cRow + 3 * LANES) : FloatVector.zero(FLOAT);
        FloatVector c40 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 4 * cRow) : FloatVector.zero(FLOAT);
        FloatVector c41 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 4 * cRow + LANES) : FloatVector.zero(FLOAT);
        FloatVector c42 = add ? FloatVector.fromArray(FLOAT, c,
                cOffset + 4 * cRow + 2 * LANES) : FloatVector.zero(FLOAT);
        FloatVector c43 = add ? FloatVector.fromArray(FLOAT, c,
                cOffset + 4 * cRow + 3 * LANES) : FloatVector.zero(FLOAT);
        FloatVector c50 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 5 * cRow) : FloatVector.zero(FLOAT);
        FloatVector c51 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 5 * cRow + LANES) : FloatVector.zero(FLOAT);
        FloatVector c52 = add ? FloatVector.fromArray(FLOAT, c,
                cOffset + 5 * cRow + 2 * LANES) : FloatVector.zero(FLOAT);
        FloatVector c53 = add ? FloatVector.fromArray(FLOAT, c,
                cOffset + 5 * cRow + 3 * LANES) : FloatVector.zero(FLOAT);
        int a1 = aRow;
        int a2 = 2 * aRow;
        int a3 = 3 * aRow;
        int a4 = 4 * aRow;
        int a5 = 5 * aRow;
        for (int k = 0, p = aOffset, q = bOffset; k < depth; k++, p += aColumn, q += bRow) {
            FloatVector b0 = FloatVector.fromArray(FLOAT, b, q);
            FloatVector b1 = FloatVector.fromArray(FLOAT, b, q + LANES);
            FloatVector b2 = FloatVector.fromArray(FLOAT, b, q + 2 * LANES);
            FloatVector b3 = FloatVector.fromArray(FLOAT, b, q + 3 * LANES);
            FloatVector x = FloatVector.broadcast(FLOAT, a[p]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            c02 = x.fma(b2, c02);
            c03 = x.fma(b3, c03);
            x = FloatVector.broadcast(FLOAT, a[p + a1]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            c12 = x.fma(b2, c12);
            c13 = x.fma(b3, c13);
            x = FloatVector.broadcast(FLOAT, a[p + a2]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            c22 = x.fma(b2, c22);
            c23 = x.fma(b3, c23);
            x = FloatVector.broadcast(FLOAT, a[p + a3]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            c32 = x.fma(b2, c32);
            c33 = x.fma(b3, c33);
            x = FloatVector.broadcast(FLOAT, a[p + a4]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            c42 = x.fma(b2, c42);
            c43 = x.fma(b3, c43);
            x = FloatVector.broadcast(FLOAT, a[p + a5]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            c52 = x.fma(b2, c52);
            c53 = x.fma(b3, c53);
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
        c02.intoArray(c, cOffset + 2 * LANES);
        c03.intoArray(c, cOffset + 3 * LANES);
        c10.intoArray(c, cOffset + cRow);
        c11.intoArray(c, cOffset + cRow + LANES);
        c12.intoArray(c, cOffset + cRow + 2 * LANES);
        c13.intoArray(c, cOffset + cRow + 3 * LANES);
        c20.intoArray(c, cOffset + 2 * cRow);
        c21.intoArray(c, cOffset + 2 * cRow + LANES);
        c22.intoArray(c, cOffset + 2 * cRow + 2 * LANES);
        c23.intoArray(c, cOffset + 2 * cRow + 3 * LANES);
        c30.intoArray(c, cOffset + 3 * cRow);
        c31.intoArray(c, cOffset + 3 * cRow + LANES);
        c32.intoArray(c, cOffset + 3 * cRow + 2 * LANES);
        c33.intoArray(c, cOffset + 3 * cRow + 3 * LANES);
        c40.intoArray(c, cOffset + 4 * cRow);
        c41.intoArray(c, cOffset + 4 * cRow + LANES);
        c42.intoArray(c, cOffset + 4 * cRow + 2 * LANES);
        c43.intoArray(c, cOffset + 4 * cRow + 3 * LANES);
        c50.intoArray(c, cOffset + 5 * cRow);
        c51.intoArray(c, cOffset + 5 * cRow + LANES);
        c52.intoArray(c, cOffset + 5 * cRow + 2 * LANES);
        c53.intoArray(c, cOffset + 5 * cRow + 3 * LANES);
    }

    /** 6 rows by 2 vectors of C. */
    private static void sixByTwo(int depth, float[] a, int aOffset, int aRow, int aColumn, float[] b, int bOffset,
            int bRow, float[] c, int cOffset, int cRow, boolean add) {
        FloatVector c00 = add ? FloatVector.fromArray(FLOAT, c, cOffset) : FloatVector.zero(FLOAT);
        FloatVector c01 = add ? FloatVector.fromArray(FLOAT, c, cOffset + LANES) : FloatVector.zero(FLOAT);
        FloatVector c10 = add ? FloatVector.fromArray(FLOAT, c, cOffset + cRow) : FloatVector.zero(FLOAT);
        FloatVector c11 = add ? FloatVector.fromArray(FLOAT, c, cOffset + cRow + LANES) : FloatVector.zero(FLOAT);
        FloatVector c20 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 2 * cRow) : FloatVector.zero(FLOAT);
        FloatVector c21 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 2 * cRow + LANES) : FloatVector.zero(FLOAT);
        FloatVector c30 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 3 * cRow) : FloatVector.zero(FLOAT);
        FloatVector c31 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 3 * cRow + LANES) : FloatVector.zero(FLOAT);
        FloatVector c40 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 4 * cRow) : FloatVector.zero(FLOAT);
        FloatVector c41 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 4 * cRow + LANES) : FloatVector.zero(FLOAT);
        FloatVector c50 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 5 * cRow) : FloatVector.zero(FLOAT);
        FloatVector c51 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 5 * cRow + LANES) : FloatVector.zero(FLOAT);
        int a1 = aRow;
        int a2 = 2 * aRow;
        int a3 = 3 * aRow;
        int a4 = 4 * aRow;
        int a5 = 5 * aRow;
        for (int k = 0, p = aOffset, q = bOffset; k < depth; k++, p += aColumn, q += bRow) {
            FloatVector b0 = FloatVector.fromArray(FLOAT, b, q);
            FloatVector b1 = FloatVector.fromArray(FLOAT, b, q + LANES);
            FloatVector x = FloatVector.broadcast(FLOAT, a[p]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(FLOAT, a[p + a1]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(FLOAT, a[p + a2]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(FLOAT, a[p + a3]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(FLOAT, a[p + a4]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(FLOAT, a[p + a5]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
        c10.intoArray(c, cOffset + cRow);
        c11.intoArray(c, cOffset + cRow + LANES);
        c20.intoArray(c, cOffset + 2 * cRow);
        c21.intoArray(c, cOffset + 2 * cRow + LANES);
        c30.intoArray(c, cOffset + 3 * cRow);
        c31.intoArray(c, cOffset + 3 * cRow + LANES);
        c40.intoArray(c, cOffset + 4 * cRow);
        c41.intoArray(c, cOffset + 4 * cRow + LANES);
        c50.intoArray(c, cOffset + 5 * cRow);
        c51.intoArray(c, cOffset + 5 * cRow + LANES);
    }

    /** 6 rows by 1 vector of C. */
    private static void sixByOne(int depth, float[] a, int aOffset, int aRow, int aColumn, float[] b, int bOffset,
            int bRow, float[] c, int cOffset, int cRow, boolean add) {
        FloatVector c00 = add ? FloatVector.fromArray(FLOAT, c, cOffset) : FloatVector.zero(FLOAT);
        FloatVector c10 = add ? FloatVector.fromArray(FLOAT, c, cOffset + cRow) : FloatVector.zero(FLOAT);
        FloatVector c20 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 2 * cRow) : FloatVector.zero(FLOAT);
        FloatVector c30 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 3 * cRow) : FloatVector.zero(FLOAT);
        FloatVector c40 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 4 * cRow) : FloatVector.zero(FLOAT);
        FloatVector c50 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 5 * cRow) : FloatVector.zero(FLOAT);
        int a1 = aRow;
        int a2 = 2 * aRow;
        int a3 = 3 * aRow;
        int a4 = 4 * aRow;
        int a5 = 5 * aRow;
        for (int k = 0, p = aOffset, q = bOffset; k < depth; k++, p += aColumn, q += bRow) {
            FloatVector b0 = FloatVector.fromArray(FLOAT, b, q);
            FloatVector x = FloatVector.broadcast(FLOAT, a[p]);
            c00 = x.fma(b0, c00);
            x = FloatVector.broadcast(FLOAT, a[p + a1]);
            c10 = x.fma(b0, c10);
            x = FloatVector.broadcast(FLOAT, a[p + a2]);
            c20 = x.fma(b0, c20);
            x = FloatVector.broadcast(FLOAT, a[p + a3]);
            c30 = x.fma(b0, c30);
            x = FloatVector.broadcast(FLOAT, a[p + a4]);
            c40 = x.fma(b0, c40);
            x = FloatVector.broadcast(FLOAT, a[p + a5]);
            c50 = x.fma(b0, c50);
        }
        c00.intoArray(c, cOffset);
        c10.intoArray(c, cOffset + cRow);
        c20.intoArray(c, cOffset + 2 * cRow);
        c30.intoArray(c, cOffset + 3 * cRow);
        c40.intoArray(c, cOffset + 4 * cRow);
        c50.intoArray(c, cOffset + 5 * cRow);
    }

    /** 1 row by 4 vectors of C. */
    private static void oneByFour(int depth, float[] a, int aOffset, int aColumn, float[] b, int bOffset,
            int bRow, float[] c, int cOffset, boolean add) {
        FloatVector c00 = add ? FloatVector.fromArray(FLOAT, c, cOffset) : FloatVector.zero(FLOAT);
        FloatVector c01 = add ? FloatVector.fromArray(FLOAT, c, cOffset + LANES) : FloatVector.zero(FLOAT);
        FloatVector c02 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 2 * LANES) : FloatVector.zero(FLOAT);
        FloatVector c03 = add ? FloatVector.fromArray(FLOAT, c, cOffset + 3 * LANES) : FloatVector.zero(FLOAT);
        for (int k = 0, p = aOffset, q = bOffset; k < depth; k++, p += aColumn, q += bRow) {
            FloatVector b0 = FloatVector.fromArray(FLOAT, b, q);
            FloatVector b1 = FloatVector.fromArray(FLOAT, b, q + LANES);
            FloatVector b2 = FloatVector.fromArray(FLOAT, b, q + 2 * LANES);
            FloatVector b3 = FloatVector.fromArray(FLOAT, b, q + 3 * LANES);
            FloatVector x = FloatVector.broadcast(FLOAT, a[p]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            c02 = x.fma(b2, c02);
            c03 = x.fma(b3, c03);
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
        c02.intoArray(c, cOffset + 2 * LANES);
        c03.intoArray(c, cOffset + 3 * LANES);
    }

    /** 1 row by 2 vectors of C. */
    private static void oneByTwo(int depth, float[] a, int aOffset, int aColumn, float[] b, int bOffset,
            int bRow, float[] c, int cOffset, boolean add) {
        FloatVector c00 = add ? FloatVector.fromArray(FLOAT, c, cOffset) : FloatVector.zero(FLOAT);
        FloatVector c01 = add ? FloatVector.fromArray(FLOAT, c, cOffset + LANES) : FloatVector.zero(FLOAT);
        for (int k = 0, p = aOffset, q = bOffset; k < depth; k++, p += aColumn, q += bRow) {
            FloatVector b0 = FloatVector.fromArray(FLOAT, b, q);
            FloatVector b1 = FloatVector.fromArray(FLOAT, b, q + LANES);
            FloatVector x = FloatVector.broadcast(FLOAT, a[p]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
        }
        c00.intoArray(c, cOffset);
        c01.intoArray(c, cOffset + LANES);
    }

    /** 1 row by 1 vector of C. */
    private static void oneByOne(int depth, float[] a, int aOffset, int aColumn, float[] b, int bOffset,
            int bRow, float[] c, int cOffset, boolean add) {
        FloatVector c00 = add ? FloatVector.fromArray(FLOAT, c, cOffset) : FloatVector.zero(FLOAT);
        for (int k = 0, p = aOffset, q = bOffset; k < depth; k++, p += aColumn, q += bRow) {
            FloatVector b0 = FloatVector.fromArray(FLOAT, b, q);
            FloatVector x = FloatVector.broadcast(FLOAT, a[p]);
            c00 = x.fma(b0, c00);
        }
        c00.intoArray(c, cOffset);
    }
}
