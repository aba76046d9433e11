package io.heed.kernels;

import java.util.List;

/**
 * Linear layers y = W x + b over weights where they lie ({@link WeightMatrix}), in two forms.
 *
 * <ul>
 *   <li>{@link #vectors} for a few rows of x, as in decoding: dot products along the rows of W, which is read from
 *   memory once;
 *       bound by that reading.
 *   <li>{@link #batch} for many rows of x, as in prefill: blocks of W times packed panels of x in registers; bound by
 *   the
 *       multiply-add units.
 * </ul>
 *
 * <p>A row's result has the same bits whatever other rows are in the call, and for any number of threads; the two forms
 * differ from each other by rounding.
 */
public final class Projection {
    private static final Scratch DOTS = new Scratch();
    private static final Scratch CONVERTED = new Scratch();
    private static final Scratch PANELS = new Scratch();
    private static final Scratch BLOCK = new Scratch();
    private static final Scratch PRODUCT = new Scratch();

    /** Weights of one task of {@link #vectors}: enough to hide handing it out. */
    private static final int TASK_WEIGHTS = 1 << 15;
    /** Rows of W that stay in the second cache while every row of x passes over them. */
    private static final int PIECE_WEIGHTS = 1 << 14;
    private static final int BLOCK_ROWS = 8 * Matrix.ROWS;
    private static final int BLOCK_DEPTH = 256;

    private Projection() { }

    /**
     * y_t = W x_t + b for few rows.
     *
     * @param w     (N, K)
     * @param bias  (N), or null for none
     * @param x     (count, K), row after row
     * @param count rows of x
     * @param y     receives (count, N)
     * @throws IllegalArgumentException when an array is too short, naming it
     */
    public static void vectors(WeightMatrix w, float[] bias, float[] x, int count, float[] y) {
        vectors(List.of(new Output(w, bias, y)), x, count);
    }

    /**
     * One of several layers of the same input.
     *
     * @param w    (N, K)
     * @param bias (N), or null for none
     * @param y    receives (count, N)
     */
    public record Output(WeightMatrix w, float[] bias, float[] y) {
        private int taskRows() {
            return Math.max(8, TASK_WEIGHTS / Math.max(1, w.columns()) / 8 * 8);
        }

        private int tasks() {
            return (w.rows() + taskRows() - 1) / taskRows();
        }
    }

    /**
     * Several layers of the same few rows, as one piece of work: threads wait for each other once, not after each
     * layer. The bits are those of {@link #vectors(WeightMatrix, float[], float[], int, float[])}.
     *
     * @param x     (count, K), row after row
     * @param count rows of x
     * @throws IllegalArgumentException when an array is too short, naming it
     */
    public static void vectors(List<Output> outputs, float[] x, int count) {
        int tasks = 0;
        for (Output output : outputs) {
            check(output.w, output.bias, x, count, output.y);
            tasks += output.tasks();
        }
        if (count > 0) {
            Workers.run(tasks, task -> vectorTask(outputs, x, count, task));
        }
    }

    private static void vectorTask(List<Output> outputs, float[] x, int count, int task) {
        int own = task;
        int layer = 0;
        while (own >= outputs.get(layer).tasks()) {
            own -= outputs.get(layer++).tasks();
        }
        Output output = outputs.get(layer);
        int from = own * output.taskRows();
        vectorRows(output.w, output.bias, x, count, output.y, from, Math.min(output.w.rows(), from
                + output.taskRows()));
    }

    private static void vectorRows(WeightMatrix w, float[] bias, float[] x, int count, float[] y, int from, int to) {
        int columns = w.columns();
        int piece = Math.max(8, PIECE_WEIGHTS / Math.max(1, columns) / 8 * 8);
        float[] dots = DOTS.atLeast(piece + Lanes.COUNT);
        boolean whole = w.type() == WeightMatrix.Type.F32;
        float[] converted = whole ? null : CONVERTED.atLeast((long) piece * columns, "a few rows of weights");
        for (int row = from; row < to; row += piece) {
            int rows = Math.min(piece, to - row);
            if (!whole) {
                w.read(row, rows, 0, columns, converted, 0, columns);
            }
            for (int t = 0; t < count; t++) {
                if (whole) {
                    CachedKeys.dots(w.data(), w.at(row, 0), (long) columns * Float.BYTES, rows, columns, x, t * columns,
                            dots, 0);
                } else {
                    RowDots.dots(converted, rows, columns, x, t * columns, dots);
                }
                System.arraycopy(dots, 0, y, t * w.rows() + row, rows);
                addBias(bias, row, rows, y, t * w.rows() + row);
            }
        }
    }

    /**
     * y_t = W x_t + b for many rows.
     *
     * @param w     (N, K)
     * @param bias  (N), or null for none
     * @param x     (count, K), row after row
     * @param count rows of x
     * @param y     receives (count, N)
     * @throws IllegalArgumentException when an array is too short, naming it
     */
    public static void batch(WeightMatrix w, float[] bias, float[] x, int count, float[] y) {
        check(w, bias, x, count, y);
        if (count == 0 || w.rows() == 0) {
            return;
        }
        int depth = w.columns();
        int padded = Panels.padded(count);
        int width = Math.min(Matrix.COLUMNS, padded);
        int panels = (padded + width - 1) / width;
        float[] packed = PANELS.atLeast((long) panels * width * depth, "packed rows");
        Workers.run(panels, panel -> {
            int first = panel * width;
            Panels.transpose(x, first * depth, depth, Math.min(width, count - first), depth, packed, first * depth,
                    width);
        });
        int blocks = (w.rows() + BLOCK_ROWS - 1) / BLOCK_ROWS;
        Workers.run(blocks, block -> batchRows(w, bias, packed, width, panels, count, y, block * BLOCK_ROWS));
    }

    private static void batchRows(WeightMatrix w, float[] bias, float[] packed, int width, int panels, int count,
            float[] y,
            int row) {
        int rows = Math.min(BLOCK_ROWS, w.rows() - row);
        int depth = w.columns();
        float[] block = BLOCK.atLeast(BLOCK_ROWS * BLOCK_DEPTH);
        float[] product = PRODUCT.atLeast((long) panels * width * BLOCK_ROWS, "a block of products");
        for (int k = 0; k < depth; k += BLOCK_DEPTH) {
            int part = Math.min(BLOCK_DEPTH, depth - k);
            w.read(row, rows, k, part, block, 0, part);
            for (int panel = 0; panel < panels; panel++) {
                int b = panel * width * depth + k * width;
                int c = panel * width * BLOCK_ROWS;
                if (k == 0) {
                    Matrix.multiply(rows, width, part, block, 0, part, 1, packed, b, width, product, c, width);
                } else {
                    Matrix.multiplyAdd(rows, width, part, block, 0, part, 1, packed, b, width, product, c, width);
                }
            }
        }
        for (int t = 0; t < count; t++) {
            int from = t / width * width * BLOCK_ROWS + t % width;
            int to = t * w.rows() + row;
            for (int i = 0; i < rows; i++, from += width) {
                y[to + i] = product[from];
            }
            addBias(bias, row, rows, y, to);
        }
    }

    private static void addBias(float[] bias, int row, int rows, float[] y, int at) {
        if (bias != null) {
            for (int i = 0; i < rows; i++) {
                y[at + i] += bias[row + i];
            }
        }
    }

    private static void check(WeightMatrix w, float[] bias, float[] x, int count, float[] y) {
        Arguments.required("weights", w);
        Arguments.required("x", x);
        Arguments.required("y", y);
        Arguments.range("count", count, 0, Integer.MAX_VALUE);
        Arguments.range("x length", x.length, (long) count * w.columns(), Integer.MAX_VALUE);
        Arguments.range("y length", y.length, (long) count * w.rows(), Integer.MAX_VALUE);
        if (bias != null) {
            Arguments.equal("bias length", bias.length, w.rows());
        }
    }
}
