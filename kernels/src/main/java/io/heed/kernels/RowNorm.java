package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Norms over rows of floats, out of place or in place. */
public final class RowNorm {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;

    private RowNorm() { }

    /**
     * y = x / sqrt(mean(x^2) + eps) * weight, row by row.
     *
     * @param x      (rows, width)
     * @param y      receives (rows, width); may be {@code x}
     * @param weight (width)
     */
    public static void rms(float[] x, float[] y, int rows, int width, float[] weight, double epsilon) {
        for (int row = 0, at = 0; row < rows; row++, at += width) {
            double mean = (double) RowReduction.dot(x, at, x, at, width) / width;
            scale(x, y, at, width, weight, (float) (1 / Math.sqrt(mean + epsilon)));
        }
    }

    private static void scale(float[] x, float[] y, int at, int width, float[] weight, float factor) {
        int i = 0;
        for (; i <= width - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, at + i).mul(factor).mul(FloatVector.fromArray(SPECIES, weight, i))
                    .intoArray(y, at + i);
        }
        for (; i < width; i++) {
            y[at + i] = x[at + i] * factor * weight[i];
        }
    }

    /**
     * y = (x - mean) / sqrt(var + eps) * weight + bias, row by row.
     *
     * @param x      (rows, width)
     * @param y      receives (rows, width); may be {@code x}
     * @param weight (width)
     * @param bias   (width)
     */
    public static void layer(float[] x, float[] y, int rows, int width, float[] weight, float[] bias, double epsilon) {
        for (int row = 0, at = 0; row < rows; row++, at += width) {
            double mean = 0;
            for (int i = 0; i < width; i++) {
                mean += x[at + i];
            }
            mean /= width;
            double variance = 0;
            for (int i = 0; i < width; i++) {
                double d = x[at + i] - mean;
                variance += d * d;
            }
            double factor = 1 / Math.sqrt(variance / width + epsilon);
            for (int i = 0; i < width; i++) {
                y[at + i] = (float) ((x[at + i] - mean) * factor) * weight[i] + bias[i];
            }
        }
    }
}
