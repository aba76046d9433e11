package io.heed.sequence.landmark;

/**
 * What landmark attention and its model are built from.
 *
 * @param width    D
 * @param heads    H
 * @param layers   blocks of the model
 * @param tokens   f, ordinary tokens between two landmarks
 * @param base     of the rotary frequencies
 * @param bias     whether linear maps and norms have biases
 * @param epsilon  of the norms
 * @param dropout  probability of dropping a landmark's gate in training
 */
public record LandmarkConfig(long width, int heads, int layers, int tokens, double base, boolean bias, double epsilon,
                             double dropout) {
    /** @throws IllegalArgumentException for sizes that do not fit each other */
    public LandmarkConfig {
        if (heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
        if (layers < 1 || tokens < 1) {
            throw new IllegalArgumentException(layers + " layers and " + tokens
                    + " tokens between landmarks: both must be"
                    + " positive");
        }
    }

    /** Base 10000, no biases, eps 1e-5, no dropout: the paper's. */
    public static LandmarkConfig of(long width, int heads, int layers, int tokens) {
        return new LandmarkConfig(width, heads, layers, tokens, 10_000, false, 1e-5, 0);
    }

    /** The same with another base. */
    public LandmarkConfig withBase(double base) {
        return new LandmarkConfig(width, heads, layers, tokens, base, bias, epsilon, dropout);
    }

    /** The same with or without biases. */
    public LandmarkConfig withBias(boolean bias) {
        return new LandmarkConfig(width, heads, layers, tokens, base, bias, epsilon, dropout);
    }

    /** The same with another eps. */
    public LandmarkConfig withEpsilon(double epsilon) {
        return new LandmarkConfig(width, heads, layers, tokens, base, bias, epsilon, dropout);
    }

    /** The same with another dropout. */
    public LandmarkConfig withDropout(double dropout) {
        return new LandmarkConfig(width, heads, layers, tokens, base, bias, epsilon, dropout);
    }

    /** d = D / H. */
    long headWidth() {
        return width / heads;
    }

    /** f + 1, tokens of a block with its landmark. */
    int block() {
        return tokens + 1;
    }
}
