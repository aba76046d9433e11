package io.heed.vision;

/**
 * What keeps a deep stack trainable and from learning by heart.
 *
 * @param dropout         probability of dropping an element of a branch, and an attention weight, in training
 * @param stochasticDepth probability of leaving the last block's branches out for an image in training; earlier blocks
 *                        less, linearly
 * @param layerScale      gain per channel of every branch at the start; 0 for none
 */
public record Regularisation(double dropout, double stochasticDepth, double layerScale) {
    /** Nothing. */
    public static final Regularisation NONE = new Regularisation(0, 0, 0);

    /** @throws IllegalArgumentException for a rate that is no probability, or a negative scale */
    public Regularisation {
        if (!(dropout >= 0 && dropout < 1) || !(stochasticDepth >= 0 && stochasticDepth < 1)) {
            throw new IllegalArgumentException("dropout " + dropout + " and stochastic depth " + stochasticDepth
                    + " must be within [0, 1)");
        }
        if (!(layerScale >= 0)) {
            throw new IllegalArgumentException("layer scale " + layerScale + " must not be negative");
        }
    }
}
