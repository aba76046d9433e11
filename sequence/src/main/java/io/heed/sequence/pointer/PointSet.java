package io.heed.sequence.pointer;

import java.util.random.RandomGenerator;

/**
 * Points of the plane, numbered from 1 as answers number them.
 *
 * @param x abscissas
 * @param y ordinates
 */
record PointSet(double[] x, double[] y) {
    /** @throws IllegalArgumentException when there are not as many of both */
    PointSet {
        if (x.length != y.length) {
            throw new IllegalArgumentException(x.length + " abscissas and " + y.length + " ordinates");
        }
    }

    /** {@code n} points uniform in the unit square, at float precision as the network sees them. */
    static PointSet random(RandomGenerator random, int n) {
        double[] x = new double[n];
        double[] y = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextFloat();
            y[i] = random.nextFloat();
        }
        return new PointSet(x, y);
    }

    /** Points from rows x, y, x, y, .. */
    static PointSet of(float[] rows, int from, int n) {
        double[] x = new double[n];
        double[] y = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = rows[from + 2 * i];
            y[i] = rows[from + 2 * i + 1];
        }
        return new PointSet(x, y);
    }

    int size() {
        return x.length;
    }

    double distance(int a, int b) {
        return Math.hypot(x[a - 1] - x[b - 1], y[a - 1] - y[b - 1]);
    }

    /** Twice the signed area of a triangle: positive when counter-clockwise. */
    double turn(int a, int b, int c) {
        return (x[b - 1] - x[a - 1]) * (y[c - 1] - y[a - 1]) - (y[b - 1] - y[a - 1]) * (x[c - 1] - x[a - 1]);
    }

    /** Whether {@code d} lies within the circle through a, b, c, which run counter-clockwise. */
    boolean isInCircle(int a, int b, int c, int d) {
        double ax = x[a - 1] - x[d - 1];
        double ay = y[a - 1] - y[d - 1];
        double bx = x[b - 1] - x[d - 1];
        double by = y[b - 1] - y[d - 1];
        double cx = x[c - 1] - x[d - 1];
        double cy = y[c - 1] - y[d - 1];
        double a2 = ax * ax + ay * ay;
        double b2 = bx * bx + by * by;
        double c2 = cx * cx + cy * cy;
        return ax * (by * c2 - b2 * cy) - ay * (bx * c2 - b2 * cx) + a2 * (bx * cy - by * cx) > 0;
    }
}
