package io.heed.kernels;

/**
 * The selective scan of one sequence in float64, token by token, and its gradients by the chain rule through every
 * token.
 */
final class SelectiveReference {
    final double[][] u;
    final double[][] delta;
    final double[][] a;
    final double[][] b;
    final double[][] c;
    final double[][] initial;

    /** h before the first token, then after each: (N + 1, D, n). */
    final double[][][] states;
    final double[][] y;

    final double[][] du;
    final double[][] ddelta;
    final double[][] da;
    final double[][] db;
    final double[][] dc;
    final double[][] dinitial;

    /** @param a (D, n) or (D, 1) */
    SelectiveReference(double[][] u, double[][] delta, double[][] a, double[][] b, double[][] c, double[][] initial) {
        this.u = u;
        this.delta = delta;
        this.a = a;
        this.b = b;
        this.c = c;
        this.initial = initial;
        int rows = u.length;
        int channels = a.length;
        int n = b[0].length;
        states = new double[rows + 1][channels][n];
        y = new double[rows][channels];
        for (int d = 0; d < channels; d++) {
            System.arraycopy(initial[d], 0, states[0][d], 0, n);
            for (int t = 0; t < rows; t++) {
                for (int s = 0; s < n; s++) {
                    states[t + 1][d][s] = decay(t, d, s) * states[t][d][s] + delta[t][d] * b[t][s] * u[t][d];
                    y[t][d] += c[t][s] * states[t + 1][d][s];
                }
            }
        }
        du = new double[rows][channels];
        ddelta = new double[rows][channels];
        da = new double[channels][a[0].length];
        db = new double[rows][n];
        dc = new double[rows][n];
        dinitial = new double[channels][n];
    }

    private double rate(int d, int s) {
        return a[d].length == 1 ? a[d][0] : a[d][s];
    }

    private double decay(int t, int d, int s) {
        return Math.exp(delta[t][d] * rate(d, s));
    }

    /** @param dy (N, D); @param dlast (D, n) */
    void backward(double[][] dy, double[][] dlast) {
        int rows = u.length;
        for (int d = 0; d < a.length; d++) {
            for (int s = 0; s < b[0].length; s++) {
                double g = dlast[d][s];
                for (int t = rows - 1; t >= 0; t--) {
                    dc[t][s] += dy[t][d] * states[t + 1][d][s];
                    g += dy[t][d] * c[t][s];
                    du[t][d] += g * delta[t][d] * b[t][s];
                    db[t][s] += g * delta[t][d] * u[t][d];
                    double log = g * decay(t, d, s) * states[t][d][s];
                    ddelta[t][d] += g * b[t][s] * u[t][d] + log * rate(d, s);
                    da[d][a[d].length == 1 ? 0 : s] += log * delta[t][d];
                    g *= decay(t, d, s);
                }
                dinitial[d][s] = g;
            }
        }
    }
}
