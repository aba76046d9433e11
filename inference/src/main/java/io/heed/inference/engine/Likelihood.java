package io.heed.inference.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * How likely a token was by the model itself: before penalties, biases and temperature.
 *
 * @param token   its id
 * @param logprob natural logarithm of its probability
 * @param top     the likeliest tokens at its place, most likely first, without their own {@code top}
 */
public record Likelihood(int token, double logprob, List<Likelihood> top) {
    /** Most tokens that may be listed beside the chosen one. */
    public static final int MOST = 20;

    /**
     * Of a token.
     *
     * @param logits of all tokens
     * @param at     where they begin
     * @param count  tokens that there are
     * @param listed how many of the likeliest to list
     */
    static Likelihood of(int token, float[] logits, int at, int count, int listed) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, logits[at + i]);
        }
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += Math.exp(logits[at + i] - largest);
        }
        double whole = largest + Math.log(sum);
        List<Likelihood> top = new ArrayList<>();
        for (int id : likeliest(logits, at, count, Math.min(listed, count))) {
            top.add(new Likelihood(id, logits[at + id] - whole, List.of()));
        }
        return new Likelihood(token, logits[at + token] - whole, List.copyOf(top));
    }

    /** The ids with the {@code wanted} largest logits, largest first; of equal ones the smaller id. */
    private static int[] likeliest(float[] logits, int at, int count, int wanted) {
        int[] ids = new int[wanted];
        int found = 0;
        for (int i = 0; i < count && wanted > 0; i++) {
            if (found == wanted && !(logits[at + i] > logits[at + ids[wanted - 1]])) {
                continue;
            }
            int place = found < wanted ? found++ : wanted - 1;
            for (; place > 0 && logits[at + i] > logits[at + ids[place - 1]]; place--) {
                ids[place] = ids[place - 1];
            }
            ids[place] = i;
        }
        return ids;
    }
}
