package io.heed.cli.compare;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * A figure measured once a seed.
 *
 * @param mean   mean over the seeds
 * @param spread sample standard deviation over the seeds; 0 for one seed
 * @param count  number of seeds
 */
public record Statistic(double mean, double spread, int count) {
    /** Mean and spread of {@code figure} over {@code runs}. */
    static <T> Statistic of(List<T> runs, ToDoubleFunction<T> figure) {
        double[] values = runs.stream().mapToDouble(figure).toArray();
        double mean = Arrays.stream(values).average().orElse(Double.NaN);
        double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
        return new Statistic(mean, values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)), values.length);
    }
}
