package io.heed.kernels;

import java.util.Random;

/**
 * Attention over edges in float64, straight from its definition, with gradients by central differences. All arrays are
 * (rows, H, d) or (rows, H), dense.
 */
final class EdgeReference {
    /** Inputs of one case; those that the score does not use are empty. */
    static final class Case {
        final int targets;
        final int sources;
        final int heads;
        final int width;
        final int valueWidth;
        final int[] source;
        final int[] target;
        boolean dot;
        double scale = 1;
        double slope = 1;
        double limit = Double.POSITIVE_INFINITY;
        double epsilon;
        double[] near = {};
        double[] far = {};
        double[] modulation = {};
        double[] bias = {};
        double[] value;

        Case(Random random, int targets, int sources, int edges, int heads, int width, int valueWidth) {
            this.targets = targets;
            this.sources = sources;
            this.heads = heads;
            this.width = width;
            this.valueWidth = valueWidth;
            // Targets and sources with the last numbers stay isolated.
            source = random.ints(edges, 0, Math.max(1, sources - 1)).toArray();
            target = random.ints(edges, 0, Math.max(1, targets - 1)).toArray();
            value = normal(random, sources * heads * valueWidth, 1);
        }

        static double[] normal(Random random, int length, double spread) {
            double[] x = new double[length];
            for (int i = 0; i < length; i++) {
                x[i] = (float) (spread * random.nextGaussian());
            }
            return x;
        }
    }

    /** Outputs (targets, H, dv) and, with a modulation, vector scores (E, H, d). */
    record Outputs(double[] out, double[] edgeScores) { }

    private EdgeReference() { }

    static Outputs forward(Case of) {
        int edges = of.source.length;
        double[] activated = new double[edges * of.heads];
        double[] edgeScores = new double[of.modulation.length];
        double[] out = new double[of.targets * of.heads * of.valueWidth];
        for (int e = 0; e < edges; e++) {
            for (int h = 0; h < of.heads; h++) {
                double score = 0;
                int t = of.target[e] * of.heads + h;
                int s = of.source[e] * of.heads + h;
                int eh = e * of.heads + h;
                if (of.dot) {
                    for (int c = 0; c < of.width; c++) {
                        double product = of.scale * of.near[t * of.width + c] * of.far[s * of.width + c];
                        if (edgeScores.length > 0) {
                            product *= of.modulation[eh * of.width + c];
                            edgeScores[eh * of.width + c] = product;
                        }
                        score += product;
                    }
                } else if (of.near.length > 0) {
                    score = of.near[t] + of.far[s];
                }
                if (of.bias.length > 0) {
                    score += of.bias[eh];
                }
                score = score < 0 ? of.slope * score : score;
                activated[eh] = Math.max(-of.limit, Math.min(of.limit, score));
            }
        }
        for (int t = 0; t < of.targets; t++) {
            for (int h = 0; h < of.heads; h++) {
                double most = Double.NEGATIVE_INFINITY;
                for (int e = 0; e < edges; e++) {
                    most = of.target[e] == t ? Math.max(most, activated[e * of.heads + h]) : most;
                }
                double shift = of.limit == Double.POSITIVE_INFINITY ? most : 0;
                double sum = of.epsilon;
                for (int e = 0; e < edges; e++) {
                    sum += of.target[e] == t ? Math.exp(activated[e * of.heads + h] - shift) : 0;
                }
                for (int e = 0; e < edges; e++) {
                    if (of.target[e] == t) {
                        double p = Math.exp(activated[e * of.heads + h] - shift) / sum;
                        for (int c = 0; c < of.valueWidth; c++) {
                            out[(t * of.heads + h) * of.valueWidth + c] +=
                                    p * of.value[(of.source[e] * of.heads + h) * of.valueWidth + c];
                        }
                    }
                }
            }
        }
        return new Outputs(out, edgeScores);
    }

    /**
     * Gradient of sum(out * gradOut) + sum(edgeScores * gradEdgeScores) with respect to {@code input}, an array of the
     * case.
     */
    static double[] gradient(Case of, double[] input, double[] gradOut, double[] gradEdgeScores) {
        double step = 1e-5;
        double[] gradient = new double[input.length];
        for (int i = 0; i < input.length; i++) {
            double was = input[i];
            input[i] = was + step;
            double above = loss(of, gradOut, gradEdgeScores);
            input[i] = was - step;
            gradient[i] = (above - loss(of, gradOut, gradEdgeScores)) / (2 * step);
            input[i] = was;
        }
        return gradient;
    }

    private static double loss(Case of, double[] gradOut, double[] gradEdgeScores) {
        Outputs outputs = forward(of);
        double loss = 0;
        for (int i = 0; i < gradOut.length; i++) {
            loss += outputs.out[i] * gradOut[i];
        }
        for (int i = 0; i < gradEdgeScores.length; i++) {
            loss += outputs.edgeScores[i] * gradEdgeScores[i];
        }
        return loss;
    }
}
