package io.heed.vision.neighborhood;

import io.heed.kernels.NeighborhoodSpec;
import io.heed.kernels.Workers;

/**
 * Neighborhood attention as the first kernels had it: query by query, key by key, one number at a time. A study's
 * baseline; one row of the outermost axis of one head is a task.
 */
final class NaiveNeighborhood {
    private final NeighborhoodSpec spec;
    private final int[][] first;
    private final int tokens;

    /** For windows without stride, dilation or causality. */
    NaiveNeighborhood(NeighborhoodSpec spec) {
        this.spec = spec;
        tokens = spec.tokens();
        first = new int[spec.rank()][];
        for (int axis = 0; axis < spec.rank(); axis++) {
            int size = spec.sizes()[axis];
            first[axis] = new int[size];
            for (int p = 0; p < size; p++) {
                first[axis][p] = Math.clamp(p - spec.kernel()[axis] / 2, 0, size - spec.kernel()[axis]);
            }
        }
    }

    /** q, k, v and out are (heads, N, d). */
    void forward(int heads, int d, float[] q, float[] k, float[] v, float[] out) {
        int rows = spec.sizes()[0];
        Workers.run(heads * rows, task -> {
            int perRow = tokens / rows;
            int head = task / rows * tokens;
            for (int token = task % rows * perRow; token < (task % rows + 1) * perRow; token++) {
                query(head, token, d, q, k, v, out);
            }
        });
    }

    private void query(int head, int token, int d, float[] q, float[] k, float[] v, float[] out) {
        int window = spec.window();
        float[] weights = new float[window];
        float scale = spec.scaleFor(d);
        float largest = Float.NEGATIVE_INFINITY;
        int at = (head + token) * d;
        for (int j = 0; j < window; j++) {
            int key = (head + key(token, j)) * d;
            float sum = 0;
            for (int c = 0; c < d; c++) {
                sum += q[at + c] * k[key + c];
            }
            weights[j] = sum * scale;
            largest = Math.max(largest, weights[j]);
        }
        float total = 0;
        for (int j = 0; j < window; j++) {
            weights[j] = (float) Math.exp(weights[j] - largest);
            total += weights[j];
        }
        for (int c = 0; c < d; c++) {
            out[at + c] = 0;
        }
        for (int j = 0; j < window; j++) {
            int value = (head + key(token, j)) * d;
            for (int c = 0; c < d; c++) {
                out[at + c] += weights[j] / total * v[value + c];
            }
        }
    }

    /** Key {@code j} of a token's window, axis by axis from the last. */
    private int key(int token, int j) {
        int key = 0;
        int step = 1;
        for (int axis = spec.rank() - 1, p = token, r = j; axis >= 0; axis--) {
            int size = spec.sizes()[axis];
            key += step * (first[axis][p % size] + r % spec.kernel()[axis]);
            step *= size;
            p /= size;
            r /= spec.kernel()[axis];
        }
        return key;
    }
}
