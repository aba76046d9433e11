package io.heed.sequence.graphaware;

/**
 * What a {@link SparseGin} is built from.
 *
 * @param width          D, of the decoder
 * @param hidden         width of the GIN; projected from and to D where it differs
 * @param layers         GIN layers
 * @param activation     of the GIN
 * @param dropout        after every GIN layer
 * @param method         how the heads' maps become one graph
 * @param inner          hidden width of the MLP of the learned methods
 * @param heads          H, of the decoder
 * @param anyTau         temperature of {@link Method#THRESHOLD_ANY}
 * @param alpha          sharpness of the sigmoid that turns weights into edges; 0 for none
 * @param threshold      its middle
 * @param epsilon        edges up to it are cut, or NaN to cut none
 * @param selfEdges      whether a node keeps its edge to itself
 * @param direction      where messages go
 * @param weighted       whether messages are multiplied by their edges' weights
 * @param mlp            whether a GIN layer has two linear maps and a residual, or one
 * @param multiplier     hidden width of the two maps over the GIN's width
 * @param norm           whether a LayerNorm follows the first map
 * @param residual       whether a GIN layer adds its input
 * @param outputNorm     whether the output is RMS-normalised
 * @param normEpsilon    of that norm
 * @param scale          the output's initial factor
 */
public record SparseGinConfig(long width, long hidden, int layers, Activation activation, double dropout, Method method,
                              long inner, int heads, double anyTau, double alpha, double threshold, double epsilon,
                              boolean selfEdges,
                              EdgeDirection direction, boolean weighted, boolean mlp, double multiplier, boolean norm,
                              boolean residual, boolean outputNorm, double normEpsilon, double scale) {
    /** @throws IllegalArgumentException without a layer */
    public SparseGinConfig {
        if (layers < 1) {
            throw new IllegalArgumentException("a sparse GIN needs at least one layer, got " + layers);
        }
    }

    /** The GIN's activation; PReLU has one slope for all channels and layers. */
    public enum Activation { PRELU, RELU, TANH, GELU }

    /** How the heads' maps become one graph. */
    public enum Method {
        /** Their mean. */
        MEAN,
        /** Their sum, at most 1. */
        SUM,
        /** max_h sigmoid((A_h - threshold) / tau). */
        THRESHOLD_ANY,
        /** An MLP over the heads' weights at each entry, then a sigmoid. */
        LEARNED_SIGMOID,
        /** The same, then a softmax over each row, later keys included: not causal. */
        LEARNED_SOFTMAX;

        boolean isLearned() {
            return this == LEARNED_SIGMOID || this == LEARNED_SOFTMAX;
        }
    }

    /** Where messages go. */
    public enum EdgeDirection {
        /** As in the official code: from query to key, then only to later positions, so only self edges survive. */
        OFFICIAL,
        /** From key to query, as the text says. */
        KEY_TO_QUERY
    }

    /**
     * The sum of an entry's weights over the heads, for {@link Method#THRESHOLD_ANY} the largest of them, up to which
     * it is no edge; NaN where that cannot be said of an entry by itself.
     */
    double limit() {
        double joined = alpha > 0 ? threshold + logit(epsilon) / alpha : epsilon;
        return switch (method) {
            case MEAN -> heads * joined;
            case SUM -> joined < 1 ? joined : Double.POSITIVE_INFINITY;              // the sum counts as 1 at most
            case THRESHOLD_ANY -> threshold + anyTau * logit(joined);
            case LEARNED_SIGMOID, LEARNED_SOFTMAX -> Double.NaN;
        };
    }

    private static double logit(double share) {
        return share <= 0 ? Double.NEGATIVE_INFINITY : share >= 1 ? Double.POSITIVE_INFINITY
                : Math.log(share / (1 - share));
    }

    /** The published example on a decoder of width {@code width}, but for the graph's own width. */
    public static SparseGinConfig example(long width, int heads, long hidden, EdgeDirection direction) {
        return new SparseGinConfig(width, hidden, 1, Activation.PRELU, 0.1, Method.SUM, 128, heads, 10, 10, 0.1, 0.6,
                true, direction,
                true, true, 1, false, false, true, 1e-5, 0);
    }

    /** The same with another initial factor. */
    public SparseGinConfig withScale(double scale) {
        return new SparseGinConfig(width, hidden, layers, activation, dropout, method, inner, heads, anyTau, alpha,
                threshold, epsilon,
                selfEdges, direction, weighted, mlp, multiplier, norm, residual, outputNorm, normEpsilon, scale);
    }

    /** The initial factor of layer {@code layer} of {@code layers}: from {@code first} at the first to {@code last}. */
    public static double scale(double first, double last, int layer, int layers) {
        return layers < 2 ? first : first + (last - first) * layer / (layers - 1);
    }
}
