package io.heed.vision;

import org.bytedeco.javacpp.PointerScope;

/**
 * What an {@link ImageClassifier} is built from.
 *
 * @param backbone what makes a vector of an image
 * @param classes  number of classes
 */
public record ImageClassifierConfig(GridBackboneConfig backbone, int classes) {
    /** The largest deviation from the number of parameters that {@link #fit} accepts, as a share of it. */
    public static final double TOLERANCE = 0.01;

    private static final int STEPS = 6;

    /** @throws IllegalArgumentException when there is no class */
    public ImageClassifierConfig {
        if (classes < 1) {
            throw new IllegalArgumentException("a classifier needs at least one class, got " + classes);
        }
    }

    /** The same with another backbone. */
    public ImageClassifierConfig withBackbone(GridBackboneConfig backbone) {
        return new ImageClassifierConfig(backbone, classes);
    }

    /** Parameters of a model of this config. Builds the model, so it draws from libtorch's default generator. */
    public long parameterCount() {
        try (PointerScope _ = new PointerScope()) {
            return new ImageClassifier(this).parameterCount();
        }
    }

    /**
     * The same model with the hidden ratio of its MLPs that brings its parameters nearest to {@code parameters}.
     *
     * @throws IllegalArgumentException when no ratio comes within {@link #TOLERANCE}
     */
    public ImageClassifierConfig fit(long parameters) {
        // the count is affine in the ratio but for rounding, which the further steps make up for
        double ratio = 1;
        ImageClassifierConfig best = ratio(ratio);
        long count = best.parameterCount();
        double slope = ratio(2).parameterCount() - count;
        for (int step = 0; step < STEPS && off(count, parameters) > TOLERANCE / 4; step++) {
            ratio = Math.max(0.01, ratio + (parameters - count) / slope);
            ImageClassifierConfig next = ratio(ratio);
            long nextCount = next.parameterCount();
            if (off(nextCount, parameters) < off(count, parameters)) {
                best = next;
            }
            count = nextCount;
        }
        if (off(best.parameterCount(), parameters) > TOLERANCE) {
            throw new IllegalArgumentException("a classifier with " + backbone.mixers() + " cannot have about "
                    + parameters + " parameters: use a larger width, or fewer layers, for the whole comparison");
        }
        return best;
    }

    private ImageClassifierConfig ratio(double ratio) {
        return withBackbone(backbone.withHiddenRatio(ratio));
    }

    private static double off(long count, long parameters) {
        return Math.abs(count - parameters) / (double) parameters;
    }
}
