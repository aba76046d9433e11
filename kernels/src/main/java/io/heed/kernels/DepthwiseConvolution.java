package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A causal convolution of every channel with a few taps of its own, over rows of channels:
 *
 * <pre>
 *   y_t = bias + sum_{j < K} w_j * x_(t - K + 1 + j)          x before the first row is 0
 * </pre>
 *
 * <p>Rows are cut into blocks by the shapes alone, and partial sums of the taps' gradients are added in the blocks'
 * order.
 */
public final class DepthwiseConvolution {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int LANES = Lanes.COUNT;
    /** Rows of one task. */
    private static final int BLOCK = 128;

    private DepthwiseConvolution() { }

    /**
     * y.
     *
     * @param x    (B, H, N, D)
     * @param taps (1, 1, K, D), the last tap on the current row
     * @param bias D floats, or null
     * @param y    (B, H, N, D)
     * @throws IllegalArgumentException when shapes differ
     */
    public static void forward(Rows x, Rows taps, MemorySegment bias, Rows y) {
        check(x, taps, y);
        int blocks = (x.rows() + BLOCK - 1) / BLOCK;
        Workers.run(x.batch() * x.heads() * blocks, task -> {
            int sequence = task / blocks;
            int first = task % blocks * BLOCK;
            for (int t = first; t < Math.min(x.rows(), first + BLOCK); t++) {
                row(x, taps, bias, y, sequence / x.heads(), sequence % x.heads(), t);
            }
        });
    }

    /**
     * The gradients.
     *
     * @param x      (B, H, N, D)
     * @param taps   (1, 1, K, D)
     * @param dy     (B, H, N, D)
     * @param dx     (B, H, N, D), or null where not wanted
     * @param dTaps  (1, 1, K, D), or null where not wanted
     * @param dBias  D floats, or null where not wanted
     */
    public static void backward(Rows x, Rows taps, Rows dy, Rows dx, Rows dTaps, MemorySegment dBias) {
        check(x, taps, dy);
        int blocks = (x.rows() + BLOCK - 1) / BLOCK;
        int tasks = x.batch() * x.heads() * blocks;
        int sums = (taps.rows() + 1) * x.width();
        float[] partial = new float[dTaps == null && dBias == null ? 0 : Math.multiplyExact(tasks, sums)];
        Workers.run(tasks, task -> {
            int b = task / blocks / x.heads();
            int h = task / blocks % x.heads();
            int first = task % blocks * BLOCK;
            for (int t = first; t < Math.min(x.rows(), first + BLOCK); t++) {
                if (dx != null) {
                    inputRow(dy, taps, dx, b, h, t);
                }
                if (partial.length > 0) {
                    tapRow(x, dy, taps.rows(), partial, task * sums, b, h, t);
                }
            }
        });
        for (int task = 0; task < tasks && partial.length > 0; task++) {
            for (int j = 0; j < taps.rows() && dTaps != null; j++) {
                add(partial, task * sums + j * x.width(), dTaps.data(), dTaps.offset(0, 0, j), x.width(), task == 0);
            }
            if (dBias != null) {
                add(partial, task * sums + taps.rows() * x.width(), dBias, 0, x.width(), task == 0);
            }
        }
    }

    private static void row(Rows x, Rows taps, MemorySegment bias, Rows y, int b, int h, int t) {
        int skipped = Math.max(0, taps.rows() - 1 - t); // taps that reach before the first row
        long from = x.offset(b, h, t - taps.rows() + 1 + skipped) * Float.BYTES;
        sum(x.data(), from, x.rowStride() * Float.BYTES, taps, skipped, 1, taps.rows() - skipped, bias, y.data(),
                y.offset(b, h, t) * Float.BYTES, x.width());
    }

    /** dx_t = sum_j w_j dy_(t + K - 1 - j): the taps backwards over the rows from t on. */
    private static void inputRow(Rows dy, Rows taps, Rows dx, int b, int h, int t) {
        int count = Math.min(taps.rows(), dy.rows() - t);
        sum(dy.data(), dy.offset(b, h, t) * Float.BYTES, dy.rowStride() * Float.BYTES, taps, taps.rows() - 1, -1, count,
                null,
                dx.data(), dx.offset(b, h, t) * Float.BYTES, dy.width());
    }

    /** out = bias + sum_{i < count} w_(tap + i direction) * in_i. */
    private static void sum(MemorySegment in, long from, long step, Rows taps, int tap, int direction, int count,
                            MemorySegment bias, MemorySegment out, long to, int width) {
        long weight = taps.offset(0, 0, tap) * Float.BYTES;
        long weightStep = direction * taps.rowStride() * Float.BYTES;
        MemorySegment weights = taps.data();
        int c = 0;
        for (; c <= width - LANES; c += LANES) {
            long at = (long) c * Float.BYTES;
            FloatVector total = bias == null ? FloatVector.zero(SPECIES)
                    : FloatVector.fromMemorySegment(SPECIES, bias, at, ORDER);
            for (int i = 0; i < count; i++) {
                total = FloatVector.fromMemorySegment(SPECIES, in, from + i * step + at, ORDER)
                        .fma(FloatVector.fromMemorySegment(SPECIES, weights, weight + i * weightStep + at, ORDER),
                        total);
            }
            total.intoMemorySegment(out, to + at, ORDER);
        }
        for (; c < width; c++) {
            long at = (long) c * Float.BYTES;
            float total = bias == null ? 0 : bias.get(ValueLayout.JAVA_FLOAT, at);
            for (int i = 0; i < count; i++) {
                total = Math.fma(in.get(ValueLayout.JAVA_FLOAT, from + i * step + at),
                        weights.get(ValueLayout.JAVA_FLOAT, weight + i * weightStep + at), total);
            }
            out.set(ValueLayout.JAVA_FLOAT, to + at, total);
        }
    }

    /** Adds x_(t - K + 1 + j) dy_t to the sum of tap j, and dy_t to the bias's. */
    private static void tapRow(Rows x, Rows dy, int count, float[] sums, int at, int b, int h, int t) {
        int width = x.width();
        long gradient = dy.offset(b, h, t) * Float.BYTES;
        for (int j = Math.max(0, count - 1 - t); j < count; j++) {
            long from = x.offset(b, h, t - count + 1 + j) * Float.BYTES;
            products(x.data(), from, dy.data(), gradient, sums, at + j * width, width);
        }
        int bias = at + count * width;
        for (int c = 0; c < width; c++) {
            sums[bias + c] += dy.data().get(ValueLayout.JAVA_FLOAT, gradient + (long) c * Float.BYTES);
        }
    }

    private static void products(MemorySegment a, long fromA, MemorySegment b, long fromB, float[] sums, int to,
            int width) {
        int c = 0;
        for (; c <= width - LANES; c += LANES) {
            long at = (long) c * Float.BYTES;
            FloatVector.fromMemorySegment(SPECIES, a, fromA + at, ORDER)
                    .fma(FloatVector.fromMemorySegment(SPECIES, b, fromB + at, ORDER),
                            FloatVector.fromArray(SPECIES, sums, to + c)).intoArray(sums, to + c);
        }
        for (; c < width; c++) {
            long at = (long) c * Float.BYTES;
            sums[to + c] = Math.fma(a.get(ValueLayout.JAVA_FLOAT, fromA + at),
                    b.get(ValueLayout.JAVA_FLOAT, fromB + at),
                    sums[to + c]);
        }
    }

    private static void add(float[] from, int at, MemorySegment to, long first, int width, boolean fresh) {
        for (int c = 0; c < width; c++) {
            float old = fresh ? 0 : to.getAtIndex(ValueLayout.JAVA_FLOAT, first + c);
            to.setAtIndex(ValueLayout.JAVA_FLOAT, first + c, old + from[at + c]);
        }
    }

    private static void check(Rows x, Rows taps, Rows y) {
        if (!x.shape().equals(y.shape()) || taps.width() != x.width() || taps.rows() < 1) {
            throw new IllegalArgumentException("a convolution takes x and y (B, H, N, D) and taps (1, 1, K, D), got "
                    + x.shape() + ", " + y.shape() + " and " + taps.shape());
        }
    }
}
