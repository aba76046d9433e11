package io.heed.inference.model;

import io.heed.kernels.RowNorm;

/**
 * An RMS norm, or a layer norm where there is a bias.
 *
 * @param weight  (D)
 * @param bias    (D), or null
 * @param epsilon added to the mean square or the variance
 */
record NormWeights(float[] weight, float[] bias, double epsilon) {
    void apply(float[] x, float[] y, int rows) {
        if (bias == null) {
            RowNorm.rms(x, y, rows, weight.length, weight, epsilon);
        } else {
            RowNorm.layer(x, y, rows, weight.length, weight, bias, epsilon);
        }
    }
}
