package io.heed.kernels;

import java.util.function.IntPredicate;

/**
 * Linear attention of one head in float64, token by token pair, from the definition: what {@link LinearAttention} is
 * held to.
 */
final class LinearReference {
    final double[][] out;
    final double[][] last;
    final double[][] gradQ;
    final double[][] gradK;
    final double[][] gradV;
    final double[][] gradInitial;

    LinearReference(double[][] q, double[][] k, double[][] v, double[][] initial, boolean causal, double rate,
            double scale, IntPredicate exists, double[][] gradOut, double[][] gradLast) {
        int rows = q.length;
        int d = initial.length;
        int e = initial[0].length;
        out = new double[rows][e];
        last = new double[d][e];
        gradQ = new double[rows][d];
        gradK = new double[rows][d];
        gradV = new double[rows][e];
        gradInitial = new double[d][e];
        for (int t = 0; t < rows; t++) {
            double fromStart = scale * Math.exp(-rate * (t + 1));
            for (int i = 0; i < d; i++) {
                for (int x = 0; x < e; x++) {
                    out[t][x] += fromStart * q[t][i] * initial[i][x];
                    gradQ[t][i] += fromStart * gradOut[t][x] * initial[i][x];
                    gradInitial[i][x] += fromStart * gradOut[t][x] * q[t][i];
                }
            }
            for (int j = 0; j < (causal ? t + 1 : rows); j++) {
                if (exists.test(j)) {
                    pair(t, j, scale * Math.exp(-rate * (t - j)), q, k, v, gradOut);
                }
            }
        }
        for (int i = 0; i < d; i++) {
            for (int x = 0; x < e; x++) {
                double whole = Math.exp(-rate * rows);
                last[i][x] += whole * initial[i][x];
                gradInitial[i][x] += whole * gradLast[i][x];
                for (int j = 0; j < rows; j++) {
                    if (exists.test(j)) {
                        double toEnd = Math.exp(-rate * (rows - 1 - j));
                        last[i][x] += toEnd * k[j][i] * v[j][x];
                        gradK[j][i] += toEnd * gradLast[i][x] * v[j][x];
                        gradV[j][x] += toEnd * gradLast[i][x] * k[j][i];
                    }
                }
            }
        }
    }

    private void pair(int t, int j, double weight, double[][] q, double[][] k, double[][] v, double[][] gradOut) {
        double match = 0;
        double gradMatch = 0;
        for (int i = 0; i < q[t].length; i++) {
            match += q[t][i] * k[j][i];
        }
        for (int x = 0; x < v[j].length; x++) {
            out[t][x] += weight * match * v[j][x];
            gradMatch += weight * gradOut[t][x] * v[j][x];
            gradV[j][x] += weight * match * gradOut[t][x];
        }
        for (int i = 0; i < q[t].length; i++) {
            gradQ[t][i] += gradMatch * k[j][i];
            gradK[j][i] += gradMatch * q[t][i];
        }
    }
}
