package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;

/** Views in the memory layouts that callers have: dense, heads inside rows, gaps between rows, an offset start. */
final class Layouts {
    private final SplittableRandom random;

    Layouts(long seed) {
        random = new SplittableRandom(seed);
    }

    double uniform(double from, double to) {
        return random.nextDouble(from, to);
    }

    int between(int from, int to) {
        return random.nextInt(from, to + 1);
    }

    /** A view with strides drawn at random, filled from {@code values}; gaps hold NaN. */
    Rows rows(int batch, int heads, int rows, int width, DoubleSupplier values) {
        int gap = random.nextInt(3);
        int skip = random.nextInt(4);
        long row;
        long head;
        long sequence;
        if (random.nextBoolean()) { // (B, H, N, width)
            row = width + gap;
            head = row * rows + gap;
            sequence = head * heads;
        } else { // (B, N, H, width)
            head = width;
            row = head * heads + gap;
            sequence = row * rows;
        }
        MemorySegment data = Arena.ofAuto().allocate((sequence * batch + skip + width) * Float.BYTES, 64);
        for (long i = 0; i < data.byteSize() / Float.BYTES; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, Float.NaN);
        }
        Rows view = new Rows(data.asSlice((long) skip * Float.BYTES), batch, heads, rows, width, sequence, head, row);
        fill(view, values);
        return view;
    }

    Rows normal(int batch, int heads, int rows, int width) {
        return rows(batch, heads, rows, width, this::gaussian);
    }

    Rows empty(int batch, int heads, int rows, int width) {
        return rows(batch, heads, rows, width, () -> Double.NaN);
    }

    double gaussian() {
        double sum = 0;
        for (int i = 0; i < 12; i++) {
            sum += random.nextDouble();
        }
        return sum - 6;
    }

    static void fill(Rows view, DoubleSupplier values) {
        for (int b = 0; b < view.batch(); b++) {
            for (int h = 0; h < view.heads(); h++) {
                for (int n = 0; n < view.rows(); n++) {
                    for (int i = 0; i < view.width(); i++) {
                        set(view, b, h, n, i, values.getAsDouble());
                    }
                }
            }
        }
    }

    static void set(Rows view, int b, int h, int n, int i, double value) {
        view.data().setAtIndex(ValueLayout.JAVA_FLOAT, view.offset(b, h, n) + i, (float) value);
    }

    static float get(Rows view, int b, int h, int n, int i) {
        return view.data().getAtIndex(ValueLayout.JAVA_FLOAT, view.offset(b, h, n) + i);
    }

    /** Rows {@code from} to {@code to} of every head. */
    static Rows slice(Rows view, int from, int to) {
        return new Rows(view.data().asSlice(view.rowStride() * from * Float.BYTES), view.batch(), view.heads(),
                to - from, view.width(), view.batchStride(), view.headStride(), view.rowStride());
    }

    /** One head as (rows, width). */
    static double[][] head(Rows view, int b, int h) {
        double[][] head = new double[view.rows()][view.width()];
        for (int n = 0; n < view.rows(); n++) {
            for (int i = 0; i < view.width(); i++) {
                head[n][i] = get(view, b, h, n, i);
            }
        }
        return head;
    }

    /** All elements, in the order of the shape. */
    static float[] elements(Rows view) {
        float[] all = new float[view.batch() * view.heads() * view.rows() * view.width()];
        int at = 0;
        for (int b = 0; b < view.batch(); b++) {
            for (int h = 0; h < view.heads(); h++) {
                for (int n = 0; n < view.rows(); n++) {
                    for (int i = 0; i < view.width(); i++) {
                        all[at++] = get(view, b, h, n, i);
                    }
                }
            }
        }
        return all;
    }

    /** Fails unless {@code got} is within {@code tolerance}, relative to the largest finite wanted number or 1. */
    static void assertClose(String name, Rows got, Rows want, double tolerance) {
        assertClose(name, elements(got), elements(want), tolerance);
    }

    static void assertClose(String name, float[] got, float[] want, double tolerance) {
        double scale = 1;
        for (float x : want) {
            scale = Float.isInfinite(x) ? scale : Math.max(scale, Math.abs(x));
        }
        for (int i = 0; i < want.length; i++) {
            if (got[i] != want[i] && !(Math.abs(got[i] - want[i]) <= tolerance * scale)) {
                throw new AssertionError(name + "[" + i + "] is " + got[i] + ", want " + want[i] + ", scale " + scale);
            }
        }
    }
}
