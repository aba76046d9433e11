package io.heed.inference.act;

import java.util.Arrays;

/**
 * The causal form of calibration for one head: column sums of the raw rows so far, c[k], so that at step t
 * a[k] = c[k] / (t + 1 - k). Only the new row is calibrated.
 */
public final class RunningSinks {
    private final Calibration calibration;
    private float[] sums = new float[64];
    private int rows;

    public RunningSinks(Calibration calibration) {
        this.calibration = calibration;
    }

    /** Starts with the column sums of {@code count} rows that were computed together. */
    void start(float[] columns, int at, int count) {
        sums = Arrays.copyOf(Arrays.copyOfRange(columns, at, at + count), Math.max(64, 2 * count));
        rows = count;
    }

    /** Rows so far. */
    int rows() {
        return rows;
    }

    /** Adds a raw row of {@code t + 1} weights, t being the rows before it. */
    public void add(float[] row) {
        int length = rows + 1;
        if (length > sums.length) {
            sums = Arrays.copyOf(sums, 2 * length);
        }
        for (int k = 0; k < length; k++) {
            sums[k] += row[k];
        }
        rows = length;
    }

    /** Which tokens are sinks now, the kept one among them. */
    public boolean[] sinks() {
        boolean[] sinks = new boolean[rows];
        double tau = calibration.tau(rows);
        for (int k = 0; k < rows; k++) {
            sinks[k] = sums[k] / (rows - k) > tau;
        }
        return sinks;
    }

    /** Calibrates the newest row in place. */
    public void calibrate(float[] row, boolean[] sinks) {
        int kept = calibration.kept(sinks);
        double onSinks = 0;
        double rest = 0;
        for (int k = 0; k < rows; k++) {
            if (sinks[k] && k != kept) {
                onSinks += row[k];
            } else {
                rest += row[k];
            }
        }
        if (onSinks == 0 || rest <= 0) {
            return;
        }
        float factor = (float) (1 + (1 - calibration.beta()) * onSinks / rest);
        for (int k = 0; k < rows; k++) {
            row[k] *= sinks[k] && k != kept ? (float) calibration.beta() : factor;
        }
    }
}
