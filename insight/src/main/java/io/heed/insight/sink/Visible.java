package io.heed.insight.sink;

import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/** Which keys a query sees and what positions add to the logits, as matrices over queries and keys. */
final class Visible {
    private static final int BUCKETS = 32;
    private static final int MAX_DISTANCE = 128;

    private final SinkConfig config;

    Visible(SinkConfig config) {
        this.config = config;
    }

    /**
     * Where a query does not look: bool (Nq, Nk).
     *
     * @param first     index of the first query, which is -{@code keysInFront} for a query beside the keys in front
     * @param keysInFront keys in front, which every query sees
     */
    Tensor hidden(int first, int queries, int keys, int keysInFront) {
        boolean[] hidden = new boolean[queries * keys];
        for (int q = 0; q < queries; q++) {
            for (int k = 0; k < keys; k++) {
                hidden[q * keys + k] = !sees(first + q, k - keysInFront);
            }
        }
        return Ops.of(hidden, queries, keys);
    }

    /** Whether query i sees key j, both counted from the sequence's start; negative ones stand in front of it. */
    private boolean sees(int i, int j) {
        if (j < 0) {
            return j <= i || i >= 0;
        }
        boolean within = j <= i && (config.window() == 0 || j > i - config.window());
        return i >= 0 && (within || j < config.prefix());
    }

    /** The number of T5's bucket for the distance of key and query: (1, Nq, Nk); 0 for keys ahead. */
    static Tensor buckets(int first, int queries, int keys) {
        float[] buckets = new float[queries * keys];
        for (int q = 0; q < queries; q++) {
            for (int k = 0; k < keys; k++) {
                buckets[q * keys + k] = bucket(Math.max(0, first + q - k));
            }
        }
        return Ops.of(buckets, 1, queries, keys);
    }

    private static int bucket(int distance) {
        int exact = BUCKETS / 2;
        if (distance < exact) {
            return distance;
        }
        int logarithmic = exact + (int) (Math.log((double) distance / exact) / Math.log((double) MAX_DISTANCE / exact)
                * (BUCKETS - exact));
        return Math.min(logarithmic, BUCKETS - 1);
    }

    /** slope_h (k - q): (H, Nq, Nk). */
    static Tensor alibi(double[] slopes, int first, int queries, int keys) {
        float[] bias = new float[slopes.length * queries * keys];
        for (int h = 0; h < slopes.length; h++) {
            for (int q = 0; q < queries; q++) {
                for (int k = 0; k < keys; k++) {
                    bias[(h * queries + q) * keys + k] = (float) (slopes[h] * (k - first - q));
                }
            }
        }
        return Ops.of(bias, slopes.length, queries, keys);
    }
}
