package io.heed.sequence.aaren;

/**
 * What a stack of Aaren layers is built from.
 *
 * @param width      D, channels
 * @param heads      H
 * @param hidden     F, the perceptrons' hidden width
 * @param layers     L
 * @param placement  where the norms stand
 * @param activation of the perceptrons
 * @param epsilon    of the norms
 * @param keys       how scores are computed
 */
public record AarenStackConfig(long width, int heads, long hidden, int layers, Placement placement,
        Activation activation,
                               double epsilon, Aaren.Keys keys) {
    /** Where the norms stand. */
    public enum Placement {
        /** LN(x + branch(x)), as in the first Transformer. */
        POST,
        /** x + branch(LN(x)). */
        PRE
    }

    /** The perceptrons' activations. */
    public enum Activation { RELU, GELU }

    /** @throws IllegalArgumentException for sizes that do not fit */
    public AarenStackConfig {
        if (heads < 1 || width < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
        if (hidden < 1 || layers < 1) {
            throw new IllegalArgumentException("hidden width and layers must be at least 1, got " + hidden + " and "
                    + layers);
        }
    }

    /** As the paper's parameter count has it: post-norm, ReLU, eps 1e-5. */
    public static AarenStackConfig of(long width, int heads, long hidden, int layers) {
        return new AarenStackConfig(width, heads, hidden, layers, Placement.POST, Activation.RELU, 1e-5,
                Aaren.Keys.FOLDED);
    }

    /** The same with the norms elsewhere. */
    public AarenStackConfig withPlacement(Placement placement) {
        return new AarenStackConfig(width, heads, hidden, layers, placement, activation, epsilon, keys);
    }

    /** The same with another activation. */
    public AarenStackConfig withActivation(Activation activation) {
        return new AarenStackConfig(width, heads, hidden, layers, placement, activation, epsilon, keys);
    }

    /** The same with another eps. */
    public AarenStackConfig withEpsilon(double epsilon) {
        return new AarenStackConfig(width, heads, hidden, layers, placement, activation, epsilon, keys);
    }

    /** The same with scores computed the other way. */
    public AarenStackConfig withKeys(Aaren.Keys keys) {
        return new AarenStackConfig(width, heads, hidden, layers, placement, activation, epsilon, keys);
    }
}
