package io.heed.kernels;

import java.util.function.IntPredicate;

/**
 * Taylor attention of one head in float64, pair by pair, from the definition: what {@link TaylorAttention} is held to.
 */
final class TaylorReference {
    final double[][] out;
    final double[][] gradQ;
    final double[][] gradK;
    final double[][] gradV;

    TaylorReference(double[][] q, double[][] k, double[][] v, IntPredicate exists, double epsilon, double[][] gradOut) {
        int rows = q.length;
        int f = q[0].length;
        int e = v[0].length;
        double scale = 1 / Math.sqrt(f);
        out = new double[rows][e];
        gradQ = new double[rows][f];
        gradK = new double[rows][f];
        gradV = new double[rows][e];
        for (int t = 0; t < rows; t++) {
            double[] u = new double[t + 1];
            double sum = epsilon;
            for (int j = 0; j <= t; j++) {
                for (int a = 0; a < f; a++) {
                    u[j] += scale * q[t][a] * k[j][a];
                }
                sum += exists.test(j) ? 1 + u[j] + u[j] * u[j] / 2 : 0;
            }
            for (int j = 0; j <= t; j++) {
                for (int i = 0; exists.test(j) && i < e; i++) {
                    out[t][i] += (1 + u[j] + u[j] * u[j] / 2) / sum * v[j][i];
                }
            }
            for (int j = 0; j <= t; j++) {
                if (exists.test(j)) {
                    double gradWeight = 0;
                    for (int i = 0; i < e; i++) {
                        gradWeight += gradOut[t][i] * (v[j][i] - out[t][i]) / sum;
                        gradV[j][i] += gradOut[t][i] * (1 + u[j] + u[j] * u[j] / 2) / sum;
                    }
                    for (int a = 0; a < f; a++) {
                        gradQ[t][a] += gradWeight * (1 + u[j]) * scale * k[j][a];
                        gradK[j][a] += gradWeight * (1 + u[j]) * scale * q[t][a];
                    }
                }
            }
        }
    }

    /** phi(x) in the order of the state's rows. */
    static double[] features(double[] x) {
        int f = x.length;
        double[] phi = new double[TaylorAttention.features(f)];
        phi[0] = 1;
        int p = 1;
        for (int a = 0; a < f; a++) {
            phi[p++] = x[a] / Math.pow(f, 0.25);
        }
        for (int a = 0; a < f; a++) {
            for (int b = a; b < f; b++) {
                phi[p++] = x[a] * x[b] / Math.sqrt(f) / (a == b ? Math.sqrt(2) : 1);
            }
        }
        return phi;
    }
}
