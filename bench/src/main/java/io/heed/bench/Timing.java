package io.heed.bench;

import java.util.Arrays;

/**
 * Times two pieces of work in turn, a, b, a, b, so that whatever else the machine does falls on both alike.
 *
 * @param firstMillis  median time of the first, milliseconds
 * @param secondMillis median time of the second, milliseconds
 */
record Timing(double firstMillis, double secondMillis) {
    /** Rounds whose median is reported. */
    static final int ROUNDS = 7;
    private static final int LEAST_ROUNDS = 3;
    private static final long WARM_UP_NANOS = 1_500_000_000L;
    private static final int LEAST_WARM_UP = 2;
    private static final long REST_MILLIS = 100;
    private static final long SAMPLE_NANOS = 100_000_000L;

    /**
     * Warms both up (the vector kernels reach full speed only after the optimising compiler has met them), then takes
     * medians of {@value #ROUNDS} interleaved rounds, with a rest before each. Work shorter than 100 ms is repeated
     * within a round.
     */
    static Timing interleaved(Runnable first, Runnable second) {
        double[] medians = medians(WARM_UP_NANOS, Double.POSITIVE_INFINITY, first, second);
        return new Timing(medians[0], medians[1]);
    }

    /**
     * The median time of each, milliseconds, in the same way, each run for {@code warmUpNanos} before; rounds after the
     * third begin only within {@code mostSeconds} of the first.
     */
    static double[] medians(long warmUpNanos, double mostSeconds, Runnable... works) {
        int[] repeats = Arrays.stream(works).mapToInt(work -> warmUp(work, warmUpNanos)).toArray();
        double[][] times = new double[works.length][ROUNDS];
        long start = System.nanoTime();
        int rounds = 0;
        while (rounds < ROUNDS && (rounds < LEAST_ROUNDS || (System.nanoTime() - start) / 1e9 < mostSeconds)) {
            for (int work = 0; work < works.length; work++) {
                times[work][rounds] = millis(works[work], repeats[work]);
            }
            rounds++;
        }
        int taken = rounds;
        return Arrays.stream(times).mapToDouble(each -> median(Arrays.copyOf(each, taken))).toArray();
    }

    private static int warmUp(Runnable work, long nanos) {
        long start = System.nanoTime();
        long last = Long.MAX_VALUE;
        for (int i = 0; i < LEAST_WARM_UP || System.nanoTime() - start < nanos; i++) {
            long before = System.nanoTime();
            work.run();
            last = System.nanoTime() - before;
        }
        return (int) Math.clamp(SAMPLE_NANOS / Math.max(1, last), 1, 10_000);
    }

    private static double millis(Runnable work, int repeats) {
        rest();
        long start = System.nanoTime();
        for (int i = 0; i < repeats; i++) {
            work.run();
        }
        return (System.nanoTime() - start) / 1e6 / repeats;
    }

    /** Idle thread pools spin for a while after their last work; neither side is to pay for the other's. */
    private static void rest() {
        try {
            Thread.sleep(REST_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
