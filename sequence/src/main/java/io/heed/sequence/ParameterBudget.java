package io.heed.sequence;

import org.bytedeco.javacpp.PointerScope;

/**
 * Makes models with different mixers equally large: every model keeps its mixer as it is and gets the MLP hidden width
 * with which its parameters in all come nearest to the budget.
 *
 * @param parameters the budget
 */
public record ParameterBudget(long parameters) {
    /** The largest deviation from the budget that {@link #fit} accepts, as a share of it. */
    public static final double TOLERANCE = 0.01;

    // hidden widths that are multiples of 8 keep the matrix products' inner loops free of tails
    private static final long[] MULTIPLES = {8, 4, 2, 1};
    private static final double GOOD = 0.005;

    /** The size of the model {@code baseline}. */
    public static ParameterBudget of(LanguageModelConfig baseline) {
        return new ParameterBudget(count(baseline));
    }

    /** Parameters of a model of this config. Builds the model, so it draws from libtorch's default generator. */
    public static long count(LanguageModelConfig config) {
        try (PointerScope _ = new PointerScope()) {
            return new LanguageModel(config).parameterCount();
        }
    }

    /**
     * The same model with the hidden width that fits the budget.
     *
     * @throws IllegalArgumentException when no hidden width comes within {@link #TOLERANCE}
     */
    public LanguageModelConfig fit(LanguageModelConfig config) {
        // the count is affine in the hidden width, so two small models tell it for all
        long one = count(hidden(config, 1));
        long slope = count(hidden(config, 2)) - one;
        double exact = 1 + (parameters - one) / (double) slope;
        for (long multiple : MULTIPLES) {
            long hidden = Math.max(multiple, Math.round(exact / multiple) * multiple);
            double off = Math.abs(one + (hidden - 1) * slope - parameters) / (double) parameters;
            if (off <= (multiple == 1 ? TOLERANCE : GOOD)) {
                return hidden(config, hidden);
            }
        }
        throw new IllegalArgumentException("a model with " + config.backbone().mixers() + " has at least " + one
                + " parameters, which does not fit a budget of " + parameters
                + ": use a larger width, or fewer layers, for the whole comparison");
    }

    private static LanguageModelConfig hidden(LanguageModelConfig config, long hidden) {
        return config.withBackbone(config.backbone().withHidden(hidden));
    }
}
