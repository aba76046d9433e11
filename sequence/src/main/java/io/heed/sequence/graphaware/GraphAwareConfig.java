package io.heed.sequence.graphaware;

/**
 * What both graph-aware attentions are built from.
 *
 * @param width         D
 * @param heads         H
 * @param keyValueHeads G, H a multiple of it; equal to H for GIN attention
 * @param headWidth     d
 * @param ropeBase      base of the rotary frequencies, in halves
 * @param bias          whether the projections have biases
 * @param causal        whether a query sees no later key
 * @param map           how weights come from scores
 * @param temperature   T, divides the scores of a softmax
 * @param threshold     what is done to the map
 * @param tau           the threshold
 * @param learnsTau     whether the threshold is trained
 * @param numbers       the threshold modes' constants
 * @param multiplier    m: the hidden width of a head's MLP is floor(m d)
 * @param epsilon       of the RMS norms
 * @param dropout       of the map
 * @param unused        whether to register the parameters that the official code has and never uses
 */
public record GraphAwareConfig(long width, int heads, int keyValueHeads, long headWidth, double ropeBase, boolean bias,
                               boolean causal, Weighting map, double temperature, ThresholdMode threshold, double tau,
                               boolean learnsTau, ThresholdMode.Numbers numbers, double multiplier, double epsilon,
                               double dropout, boolean unused) {
    /** How a row of scores becomes weights. */
    public enum Weighting { SOFTMAX, RELU, RAW }

    /** @throws IllegalArgumentException for sizes that do not fit each other */
    public GraphAwareConfig {
        check(heads > 0 && keyValueHeads > 0 && heads % keyValueHeads == 0,
                heads + " heads are not a multiple of " + keyValueHeads + " key/value heads");
        check(headWidth > 0 && headWidth % 2 == 0, "rotary positions need an even head width, got " + headWidth);
        check((long) (multiplier * headWidth) >= 1, "an MLP of " + multiplier + " times head width " + headWidth
                + " has no hidden channel: raise the multiplier");
        check(temperature > 0, "temperature " + temperature + " must be positive");
        check(numbers.fraction() > 0 && numbers.fraction() <= 1, "top-k fraction " + numbers.fraction()
                + " is not within (0, 1]");
    }

    /** Hidden width of a head's MLP. */
    long hidden() {
        return (long) (multiplier * headWidth);
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
