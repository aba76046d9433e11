package io.heed.nn;

import java.util.Arrays;

/**
 * Slopes of linear position biases, one a head (ALiBi, arXiv 2108.12409). Lightning attention decays by the same list.
 */
public final class Alibi {
    private Alibi() { }

    /**
     * Slopes of {@code heads} heads: 2^(-8 (h+1) / H) where H is a power of two. Otherwise the list of the next lower
     * power of two, then every second slope (the first, the third, ...) of the list for twice as many.
     */
    public static double[] slopes(int heads) {
        if (heads < 1) {
            throw new IllegalArgumentException("heads must be at least 1, got " + heads);
        }
        int power = Integer.highestOneBit(heads);
        double[] slopes = Arrays.copyOf(powerOfTwo(power), heads);
        double[] finer = powerOfTwo(2 * power);
        for (int h = power; h < heads; h++) {
            slopes[h] = finer[2 * (h - power)];
        }
        return slopes;
    }

    private static double[] powerOfTwo(int heads) {
        double[] slopes = new double[heads];
        for (int h = 0; h < heads; h++) {
            slopes[h] = Math.pow(2, -8.0 * (h + 1) / heads);
        }
        return slopes;
    }
}
