package io.heed.kernels;

/** The prefix scan of one head in float64, by definition and in quadratic time: what {@link PrefixScan} is held to. */
final class ScanReference {
    final double[] scores;
    final double[][] values;
    final double maximum0;
    final double normaliser0;
    final double[] weighted0;

    final double[][] out;
    final double[] maximum;
    final double[] normaliser;
    final double[][] weighted;

    /** Gradients of the outputs, all of them present. */
    record Gradients(double[][] out, double[] maximum, double[] normaliser, double[][] weighted) { }

    final double[] gradScores;
    final double[][] gradValues;
    double gradMaximum0;
    double gradNormaliser0;
    final double[] gradWeighted0;

    ScanReference(double[] scores, double[][] values, double maximum0, double normaliser0, double[] weighted0) {
        this.scores = scores;
        this.values = values;
        this.maximum0 = maximum0;
        this.normaliser0 = normaliser0;
        this.weighted0 = weighted0;
        int rows = scores.length;
        int width = weighted0.length;
        out = new double[rows][width];
        maximum = new double[rows];
        normaliser = new double[rows];
        weighted = new double[rows][width];
        gradScores = new double[rows];
        gradValues = new double[rows][width];
        gradWeighted0 = new double[width];
        for (int t = 0; t < rows; t++) {
            maximum[t] = Math.max(scores[t], t == 0 ? maximum0 : maximum[t - 1]);
            double kept = factor(maximum0, maximum[t]);
            normaliser[t] = normaliser0 * kept;
            for (int i = 0; i < width; i++) {
                weighted[t][i] = kept == 0 ? 0 : weighted0[i] * kept;
            }
            for (int j = 0; j <= t; j++) {
                double p = factor(scores[j], maximum[t]);
                normaliser[t] += p;
                for (int i = 0; p != 0 && i < width; i++) {
                    weighted[t][i] += p * values[j][i];
                }
            }
            for (int i = 0; i < width; i++) {
                out[t][i] = normaliser[t] == 0 ? 0 : weighted[t][i] / normaliser[t];
            }
        }
    }

    /** Sum of every output times its gradient: the loss whose derivative {@link #backward} gives. */
    double loss(Gradients g) {
        double loss = 0;
        for (int t = 0; t < scores.length; t++) {
            loss += maximum[t] == Double.NEGATIVE_INFINITY ? 0 : g.maximum[t] * maximum[t];
            loss += g.normaliser[t] * normaliser[t];
            for (int i = 0; i < weighted0.length; i++) {
                loss += g.out[t][i] * out[t][i] + g.weighted[t][i] * weighted[t][i];
            }
        }
        return loss;
    }

    void backward(Gradients g) {
        int rows = scores.length;
        int width = weighted0.length;
        for (int t = 0; t < rows; t++) {
            double c = normaliser[t];
            if (c == 0) {
                continue; // the empty prefix depends on nothing
            }
            double gamma = g.normaliser[t];
            double mu = g.maximum[t] - g.normaliser[t] * c;
            double[] alpha = new double[width];
            for (int i = 0; i < width; i++) {
                alpha[i] = g.out[t][i] / c + g.weighted[t][i];
                gamma -= g.out[t][i] * out[t][i] / c;
                mu -= g.weighted[t][i] * weighted[t][i];
            }
            int first = -1; // the first token with the maximum; -1 is the initial state
            for (int j = 0; maximum0 != maximum[t] && j <= t; j++) {
                if (scores[j] == maximum[t]) {
                    first = j;
                    break;
                }
            }
            for (int j = 0; j <= t; j++) {
                double p = factor(scores[j], maximum[t]);
                gradScores[j] += j == first ? mu : 0;
                for (int i = 0; p != 0 && i < width; i++) {
                    gradScores[j] += p * alpha[i] * values[j][i];
                    gradValues[j][i] += p * alpha[i];
                }
                gradScores[j] += p * gamma;
            }
            double kept = factor(maximum0, maximum[t]);
            gradNormaliser0 += kept * gamma;
            gradMaximum0 += first == -1 && maximum0 != Double.NEGATIVE_INFINITY ? mu : 0;
            gradMaximum0 += kept * gamma * normaliser0;
            for (int i = 0; i < width; i++) {
                gradWeighted0[i] += kept * alpha[i];
                gradMaximum0 += kept * alpha[i] * weighted0[i];
            }
        }
    }

    private static double factor(double score, double reference) {
        return score == Double.NEGATIVE_INFINITY ? 0 : Math.exp(score - reference);
    }
}
