package io.heed.inference.engine;

import java.util.Map;

/**
 * How the next token is chosen from its logits, in this order: penalties, biases, temperature, top-k, top-p, min-p, a
 * draw.
 *
 * @param temperature       divides the logits; 0 takes the most likely token
 * @param topK              only the K most likely tokens are drawn from; 0 for all
 * @param topP              only the most likely tokens that together reach this probability; 1 for all
 * @param minP              only tokens at least this fraction as likely as the most likely one; 0 for all
 * @param repetitionPenalty logits of tokens that occurred, in the prompt too, are divided by it where positive and
 *                          multiplied where negative (CTRL, arXiv 1909.05858); 1 for none
 * @param presencePenalty   taken from the logits of tokens that were generated
 * @param frequencyPenalty  taken from them as often as they were generated
 * @param seed              fixes the draws
 * @param logitBias         added to the logits of single tokens, -100 to 100
 */
public record Sampling(double temperature, int topK, double topP, double minP, double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty, long seed, Map<Integer, Float> logitBias) {
    private static final double LARGEST_TEMPERATURE = 100;
    private static final double LARGEST_BIAS = 100;

    /** @throws IllegalArgumentException in one line when a value is out of its range */
    public Sampling {
        check("temperature", temperature, 0, LARGEST_TEMPERATURE);
        check("top-k", topK, 0, Integer.MAX_VALUE);
        check("top-p", topP, Double.MIN_VALUE, 1);
        check("min-p", minP, 0, 1);
        check("repetition penalty", repetitionPenalty, Double.MIN_VALUE, 100);
        check("presence penalty", presencePenalty, -2, 2);
        check("frequency penalty", frequencyPenalty, -2, 2);
        logitBias = Map.copyOf(logitBias);
        logitBias.forEach((token, bias) -> {
            check("token of a logit bias", token, 0, Integer.MAX_VALUE);
            check("logit bias of token " + token, bias, -LARGEST_BIAS, LARGEST_BIAS);
        });
    }

    /** Without biases. */
    public Sampling(double temperature, int topK, double topP, double minP, double repetitionPenalty,
            double presencePenalty, double frequencyPenalty, long seed) {
        this(temperature, topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty, seed, Map.of());
    }

    private static void check(String name, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw new IllegalArgumentException(name + " is " + value + ", must be "
                    + (least == Double.MIN_VALUE ? "more than 0" : "at least " + least)
                    + (most == Integer.MAX_VALUE ? "" : " and at most " + most));
        }
    }

    /** The most likely token, always. */
    public static Sampling greedy() {
        return new Sampling(0, 0, 1, 0, 1, 0, 0, 0);
    }

    /** Draws from all tokens. */
    public static Sampling of(double temperature, long seed) {
        return new Sampling(temperature, 0, 1, 0, 1, 0, 0, seed);
    }

    /** The same with another seed. */
    public Sampling withSeed(long seed) {
        return new Sampling(temperature, topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty, seed,
                logitBias);
    }

    /** The same with biases of single tokens. */
    public Sampling withLogitBias(Map<Integer, Float> logitBias) {
        return new Sampling(temperature, topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty, seed,
                logitBias);
    }
}
