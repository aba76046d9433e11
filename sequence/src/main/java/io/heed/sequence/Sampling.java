package io.heed.sequence;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * How the next token is chosen from its logits.
 *
 * @param temperature divides the logits; 0 takes the most likely token
 * @param topK        only the K most likely tokens are drawn from; 0 for all
 * @param topP        only the most likely tokens that together reach this probability are drawn from; 1 for all
 * @param seed        fixes the draws
 */
public record Sampling(double temperature, int topK, double topP, long seed) {
    /** @throws IllegalArgumentException in one line when a value is out of its range */
    public Sampling {
        if (!(temperature >= 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("temperature is " + temperature + ", must be 0 or more");
        }
        if (topK < 0) {
            throw new IllegalArgumentException("top-k is " + topK + ", must be 0 (for all) or more");
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException("top-p is " + topP + ", must be more than 0 and at most 1");
        }
    }

    /** The most likely token, always. */
    public static Sampling greedy() {
        return new Sampling(0, 0, 1, 0);
    }

    /**
     * Chooses a token.
     *
     * @param logits one a token
     * @param random used once, unless greedy
     */
    public int choose(float[] logits, SplittableRandom random) {
        if (temperature == 0) {
            return IntStream.range(0, logits.length).reduce(0, (a, b) -> logits[b] > logits[a] ? b : a);
        }
        double largest = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double[] weights = new double[logits.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Math.exp((logits[i] - largest) / temperature);
        }
        int[] order = candidates(weights);
        double total = Arrays.stream(order).mapToDouble(i -> weights[i]).sum();
        double left = random.nextDouble() * total;
        for (int token : order) {
            left -= weights[token];
            if (left < 0) {
                return token;
            }
        }
        return order[0]; // rounding took the last bit
    }

    /** The tokens to draw from: all, or the most likely ones, most likely first. */
    private int[] candidates(double[] weights) {
        if (topP == 1 && (topK == 0 || topK >= weights.length)) {
            return IntStream.range(0, weights.length).toArray();
        }
        int[] order = IntStream.range(0, weights.length).boxed()
                .sorted((a, b) -> Double.compare(weights[b], weights[a])).mapToInt(Integer::intValue).toArray();
        int count = topK == 0 ? order.length : Math.min(topK, order.length);
        double total = Arrays.stream(order, 0, count).mapToDouble(i -> weights[i]).sum();
        double reached = 0;
        for (int i = 0; i < count; i++) {
            reached += weights[order[i]];
            if (reached >= topP * total) {
                return Arrays.copyOf(order, i + 1);
            }
        }
        return Arrays.copyOf(order, count);
    }
}
