package io.heed.sequence.cab;

/**
 * The length at which an efficient attention's cost falls below vanilla attention's: vanilla's is fitted by a n^2 + b n
 * + c, the other's by d n + e, and the larger root of their difference is the length.
 *
 * @param length    tokens, rounded; 0 where the line is below the parabola from the start, and -1 where they never
 *                  cross
 * @param quadratic R^2 of the parabola
 * @param linear    R^2 of the line
 */
record EfficiencyLength(long length, double quadratic, double linear) {
    static EfficiencyLength of(double[] lengths, double[] vanilla, double[] efficient) {
        double[] parabola = fit(lengths, vanilla, 2);
        double[] line = fit(lengths, efficient, 1);
        double a = parabola[2];
        double b = parabola[1] - line[1];
        double c = parabola[0] - line[0];
        double discriminant = b * b - 4 * a * c;
        long length = a <= 0 ? -1 : discriminant < 0 ? 0
                : Math.max(0, Math.round((-b + Math.sqrt(discriminant)) / (2 * a)));
        return new EfficiencyLength(length, goodness(lengths, vanilla, parabola), goodness(lengths, efficient, line));
    }

    /** Least squares: coefficients of 1, x, .., x^degree, by elimination on the normal equations of x scaled to 1. */
    static double[] fit(double[] x, double[] y, int degree) {
        double scale = 0;
        for (double value : x) {
            scale = Math.max(scale, Math.abs(value));
        }
        int n = degree + 1;
        double[][] system = new double[n][n + 1];
        for (int point = 0; point < x.length; point++) {
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    system[i][j] += Math.pow(x[point] / scale, i + j);
                }
                system[i][n] += Math.pow(x[point] / scale, i) * y[point];
            }
        }
        for (int i = 0; i < n; i++) {
            for (int row = 0; row < n; row++) {
                double factor = row == i ? 0 : system[row][i] / system[i][i];
                for (int j = i; factor != 0 && j <= n; j++) {
                    system[row][j] -= factor * system[i][j];
                }
            }
        }
        double[] coefficients = new double[n];
        for (int i = 0; i < n; i++) {
            coefficients[i] = system[i][n] / system[i][i] / Math.pow(scale, i);
        }
        return coefficients;
    }

    /** R^2 of a polynomial. */
    private static double goodness(double[] x, double[] y, double[] coefficients) {
        double mean = 0;
        for (double value : y) {
            mean += value / y.length;
        }
        double left = 0;
        double all = 0;
        for (int point = 0; point < x.length; point++) {
            double value = 0;
            for (int i = coefficients.length - 1; i >= 0; i--) {
                value = value * x[point] + coefficients[i];
            }
            left += (y[point] - value) * (y[point] - value);
            all += (y[point] - mean) * (y[point] - mean);
        }
        return all == 0 ? 1 : 1 - left / all;
    }
}
