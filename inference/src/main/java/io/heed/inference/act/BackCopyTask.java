package io.heed.inference.act;

import java.util.SplittableRandom;

/**
 * Sequences that make a small model grow attention sinks: a chain in which the next token follows from the present one,
 * but after a trigger the token before the trigger comes again. Heads that look back for triggers rest on the first
 * token otherwise. Two fillers, which mean nothing, stand somewhere in every sequence: the chain goes on after them as
 * if they were not there.
 */
final class BackCopyTask {
    static final int VOCABULARY = 32;
    static final int LENGTH = 64;
    private static final int BEGIN = 0;
    private static final int TRIGGERS = 3;
    private static final int FILLER = 4;
    private static final int FIRST = 5;
    private static final int FILLERS = 2;
    private static final double TRIGGER_SHARE = 0.12;

    private final double[][] cumulative = new double[VOCABULARY][VOCABULARY];

    /** @param seed fixes which token follows which */
    BackCopyTask(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (double[] row : cumulative) {
            double sum = 0;
            for (int next = FIRST; next < VOCABULARY; next++) {
                sum += Math.exp(2.5 * (random.nextDouble() + random.nextDouble() + random.nextDouble() - 1.5) * 2);
                row[next] = sum;
            }
            for (int next = FIRST; next < VOCABULARY; next++) {
                row[next] /= sum;
            }
        }
    }

    /** One sequence of {@value #LENGTH} tokens, the first of which is the beginning. */
    int[] sequence(SplittableRandom random) {
        boolean[] filler = new boolean[LENGTH];
        for (int i = 0; i < FILLERS; i++) {
            filler[random.nextInt(6, LENGTH - 2)] = true;
        }
        int[] tokens = new int[LENGTH];
        tokens[0] = BEGIN;
        int before = FIRST;
        int last = BEGIN;
        for (int i = 1; i < LENGTH; i++) {
            if (filler[i]) {
                tokens[i] = FILLER;
                continue;
            }
            boolean trigger = last >= 1 && last <= TRIGGERS;
            int next = trigger ? before : last != BEGIN && random.nextDouble() < TRIGGER_SHARE ? 1
                    + random.nextInt(TRIGGERS)
                    : draw(last, random.nextDouble());
            before = last;
            last = next;
            tokens[i] = next;
        }
        return tokens;
    }

    private int draw(int last, double u) {
        int next = FIRST;
        while (next < VOCABULARY - 1 && cumulative[last][next] < u) {
            next++;
        }
        return next;
    }
}
