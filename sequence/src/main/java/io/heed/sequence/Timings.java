package io.heed.sequence;

import java.util.Arrays;

import org.bytedeco.javacpp.PointerScope;

/** Times computations against each other: in turns, so that a slow moment of the machine hits all alike. */
public final class Timings {
    /** Seconds spent on each computation before it is timed, at least one run. */
    private static final double WARM_UP = 0.3;

    private Timings() { }

    /**
     * Median seconds of each computation over {@code rounds} rounds, after a warm-up. What they leave behind is freed.
     */
    public static double[] medians(int rounds, Runnable... computations) {
        for (Runnable computation : computations) {
            double spent = 0;
            while (spent < WARM_UP) {
                spent += seconds(computation);
            }
        }
        double[][] seconds = new double[computations.length][rounds];
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < computations.length; i++) {
                seconds[i][round] = seconds(computations[i]);
            }
        }
        return Arrays.stream(seconds).mapToDouble(Timings::median).toArray();
    }

    private static double seconds(Runnable computation) {
        long begin = System.nanoTime();
        try (PointerScope _ = new PointerScope()) {
            computation.run();
        }
        return (System.nanoTime() - begin) / 1e9;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
