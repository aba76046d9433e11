package io.heed.inference.model;

import java.util.List;

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
        apply(x, count, batch, to(y));
    }

    /** This layer, and where its result goes. */
    Projection.Output to(float[] y) {
        return new Projection.Output(weight, bias, y);
    }

    /** Several layers of the same input. */
    static void apply(float[] x, int count, boolean batch, Projection.Output... outputs) {
        if (!batch) {
            Projection.vectors(List.of(outputs), x, count);
            return;
        }
        for (Projection.Output output : outputs) {
            Projection.batch(output.w(), output.bias(), x, count, output.y());
        }
    }
}
