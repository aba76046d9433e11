package io.heed.inference.model;

import io.heed.kernels.Projection;
import io.heed.kernels.WeightMatrix;

/**
 * A linear layer over mapped weights.
 *
 * @param weight (N, K)
 * @param bias   (N), or null for none
 */
record Linear(WeightMatrix weight, float[] bias) {
    /**
     * y = W x + b.
     *
     * @param x     (count, K)
     * @param batch whether x holds a prompt's rows rather than the new token of each sequence
     * @param y     receives (count, N)
     */
    void apply(float[] x, int count, boolean batch, float[] y) {
        if (batch) {
            Projection.batch(weight, bias, x, count, y);
        } else {
            Projection.vectors(weight, bias, x, count, y);
        }
    }
}
