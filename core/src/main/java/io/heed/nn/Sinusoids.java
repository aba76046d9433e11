package io.heed.nn;

import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/** Sinusoidal positions (arXiv 1706.03762, section 3.5): no parameters, any length. */
public final class Sinusoids {
    private static final double BASE = 10_000;

    private Sinusoids() { }

    /**
     * Rows for positions {@code first} to {@code first + count - 1}: channel 2i holds sin(p / 10000^(2i/D)), channel 2i
     * + 1 its cosine.
     *
     * @return (count, width) float32
     */
    public static Tensor rows(long first, long count, long width) {
        float[] rows = new float[Math.toIntExact(count * width)];
        for (int p = 0; p < count; p++) {
            for (int i = 0; i < width; i++) {
                double angle = (first + p) * Math.pow(BASE, -(i - i % 2) / (double) width);
                rows[(int) (p * width + i)] = (float) (i % 2 == 0 ? Math.sin(angle) : Math.cos(angle));
            }
        }
        return Ops.of(rows, count, width);
    }
}
