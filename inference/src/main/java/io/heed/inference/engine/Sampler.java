package io.heed.inference.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Chooses the tokens of one sequence. */
final class Sampler {
    /** Tokens less likely than this, next to the most likely one, are sorted only when the others do not suffice. */
    private static final double UNLIKELY = 1e-4;

    private final Sampling sampling;
    private final SplittableRandom random;
    private final Map<Integer, Integer> generated = new HashMap<>();
    private final int[] prompt;

    Sampler(Sampling sampling, int[] prompt) {
        this.sampling = sampling;
        this.random = new SplittableRandom(sampling.seed());
        this.prompt = prompt;
    }

    /**
     * The next token.
     *
     * @param logits of all tokens from {@code at} on; changed
     * @param count  tokens that may be chosen: the first so many
     */
    int choose(float[] logits, int at, int count) {
        adjust(logits, at, count);
        int token = sampling.temperature() == 0 ? largest(logits, at, count) : draw(logits, at, count);
        generated.merge(token, 1, Integer::sum);
        return token;
    }

    private void adjust(float[] logits, int at, int count) {
        if (sampling.repetitionPenalty() != 1) {
            for (int token : Arrays.stream(prompt).distinct().filter(t -> t < count && !generated.containsKey(t))
                    .toArray()) {
                repeat(logits, at + token);
            }
            generated.keySet().forEach(token -> repeat(logits, at + token));
        }
        if (sampling.presencePenalty() != 0 || sampling.frequencyPenalty() != 0) {
            generated.forEach((token, times) ->
                    logits[at + token] -= (float) (sampling.presencePenalty() + times * sampling.frequencyPenalty()));
        }
        sampling.logitBias().forEach((token, bias) -> {
            if (token < count) {
                logits[at + token] += bias;
            }
        });
    }

    private void repeat(float[] logits, int i) {
        double penalty = sampling.repetitionPenalty();
        logits[i] = (float) (logits[i] > 0 ? logits[i] / penalty : logits[i] * penalty);
    }

    private static int largest(float[] logits, int at, int count) {
        int best = 0;
        for (int i = 1; i < count; i++) {
            best = logits[at + i] > logits[at + best] ? i : best;
        }
        return best;
    }

    private int draw(float[] logits, int at, int count) {
        double top = logits[at + largest(logits, at, count)];
        double[] weights = new double[count];
        double sum = 0;
        for (int i = 0; i < count; i++) {
            weights[i] = Math.exp((logits[at + i] - top) / sampling.temperature());
            sum += weights[i];
        }
        double u = random.nextDouble();
        if (sampling.topK() == 0 && sampling.topP() == 1 && sampling.minP() == 0) {
            return pick(weights, null, count, u * sum);
        }
        int[] kept = kept(weights, sum);
        double total = 0;
        for (int token : kept) {
            total += weights[token];
        }
        return pick(weights, kept, kept.length, u * total);
    }

    private static int pick(double[] weights, int[] tokens, int count, double target) {
        double reached = 0;
        for (int i = 0; i < count; i++) {
            int token = tokens == null ? i : tokens[i];
            reached += weights[token];
            if (reached > target) {
                return token;
            }
        }
        return tokens == null ? count - 1 : tokens[count - 1];
    }

    /** The tokens to draw from, most likely first. */
    private int[] kept(double[] weights, double sum) {
        double least = Math.max(UNLIKELY, sampling.minP());
        int[] sorted = sorted(weights, least);
        int length = length(sorted, weights, sum);
        if (length < 0 && least > sampling.minP()) {
            sorted = sorted(weights, sampling.minP());
            length = length(sorted, weights, sum);
        }
        return length < 0 ? sorted : Arrays.copyOf(sorted, length);
    }

    private static int[] sorted(double[] weights, double least) {
        long[] keys = new long[weights.length];
        int n = 0;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] >= least) {
                // positive floats order as their bits do; equal ones by the smaller token
                keys[n++] = -((long) Float.floatToRawIntBits((float) weights[i]) << 32) + i;
            }
        }
        Arrays.sort(keys, 0, n);
        int[] tokens = new int[n];
        for (int i = 0; i < n; i++) {
            tokens[i] = (int) keys[i];
        }
        return tokens;
    }

    /** How many of the sorted tokens top-k and top-p leave; -1 when they want more than there are. */
    private int length(int[] sorted, double[] weights, double sum) {
        int most = sampling.topK() == 0 ? weights.length : Math.min(sampling.topK(), weights.length);
        double mass = 0;
        for (int i = 0; i < Math.min(most, sorted.length); i++) {
            mass += weights[sorted[i]];
        }
        boolean allOfK = most <= sorted.length;
        // top-p counts probability among what top-k left
        double whole = sampling.topK() == 0 ? sum : mass;
        if (sampling.topK() != 0 && !allOfK) {
            return -1;
        }
        if (sampling.topP() == 1) {
            return allOfK ? most : -1;
        }
        double reached = 0;
        for (int i = 0; i < Math.min(most, sorted.length); i++) {
            reached += weights[sorted[i]];
            if (reached >= sampling.topP() * whole) {
                return i + 1;
            }
        }
        return -1;
    }
}
