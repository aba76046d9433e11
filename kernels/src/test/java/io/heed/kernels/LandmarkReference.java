package io.heed.kernels;

import java.util.function.IntPredicate;

/** Landmark attention of one head in float64, from the definition: what {@link LandmarkAttention} is held to. */
final class LandmarkReference {
    final double[][] out;
    final double[][] gradQ;
    final double[][] gradK;
    final double[][] gradV;

    LandmarkReference(double[][] q, double[][] k, double[][] v, int block, IntPredicate exists, double[][] gradOut) {
        int rows = q.length;
        int d = q[0].length;
        int e = v[0].length;
        double scale = 1 / Math.sqrt(d);
        out = new double[rows][e];
        gradQ = new double[rows][d];
        gradK = new double[rows][d];
        gradV = new double[rows][e];
        for (int i = 0; i < rows; i++) {
            double[] x = new double[i + 1];
            for (int j = 0; j <= i; j++) {
                for (int c = 0; c < d; c++) {
                    x[j] += scale * q[i][c] * k[j][c];
                }
            }
            double[] inner = new double[i + 1];
            double[] gate = new double[i + 1]; // of a landmark, or of a token of the own block
            double whole = 0;
            for (int j = 0; j <= i; j++) {
                boolean landmark = j % block == block - 1;
                boolean own = j / block == i / block;
                if (exists.test(j) && (own ? !landmark : landmark && within(x, j, block, exists) > 0)) {
                    gate[j] = Math.exp(x[j]);
                    whole += gate[j];
                }
            }
            double[] weight = new double[i + 1];
            for (int j = 0; j <= i; j++) {
                boolean landmark = j % block == block - 1;
                gate[j] = whole == 0 ? 0 : gate[j] / whole;
                if (j / block == i / block) {
                    weight[j] = gate[j];
                } else if (!landmark && exists.test(j)) {
                    inner[j] = Math.exp(x[j]) / within(x, j, block, exists);
                }
            }
            for (int j = 0; j <= i; j++) {
                if (inner[j] > 0) {
                    weight[j] = inner[j] * gate[j / block * block + block - 1];
                }
            }
            accumulate(i, block, weight, inner, gate, q, k, v, scale, gradOut);
        }
    }

    private static double within(double[] x, int j, int block, IntPredicate exists) {
        double sum = 0;
        for (int t = j / block * block; t < j / block * block + block - 1; t++) {
            sum += exists.test(t) ? Math.exp(x[t]) : 0;
        }
        return sum;
    }

    private void accumulate(int i, int block, double[] weight, double[] inner, double[] gate, double[][] q,
            double[][] k,
            double[][] v, double scale, double[][] gradOut) {
        double[] gradWeight = new double[i + 1];
        double delta = 0;
        for (int j = 0; j <= i; j++) {
            for (int c = 0; c < v[j].length; c++) {
                out[i][c] += weight[j] * v[j][c];
                gradV[j][c] += weight[j] * gradOut[i][c];
                gradWeight[j] += gradOut[i][c] * v[j][c];
            }
            delta += weight[j] * gradWeight[j];
        }
        double[] gradLogit = new double[i + 1];
        for (int j = 0; j <= i; j++) {
            if (j / block == i / block) {
                gradLogit[j] += gate[j] * (gradWeight[j] - delta);
            } else if (inner[j] > 0) {
                int landmark = j / block * block + block - 1;
                double mean = 0;
                for (int t = landmark - block + 1; t < landmark; t++) {
                    mean += inner[t] * gradWeight[t];
                }
                gradLogit[j] += weight[j] * (gradWeight[j] - mean);
                gradLogit[landmark] += weight[j] * (gradWeight[j] - delta);
            }
        }
        for (int j = 0; j <= i; j++) {
            for (int c = 0; c < q[i].length; c++) {
                gradQ[i][c] += scale * gradLogit[j] * k[j][c];
                gradK[j][c] += scale * gradLogit[j] * q[i][c];
            }
        }
    }
}
