package io.heed.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Result of one evaluation.
 *
 * @param loss    mean validation loss
 * @param metric  name of the metric, {@link Task#metric}
 * @param value   the metric's value
 * @param further other named values worth a column, in order; empty if none
 */
public record Evaluation(double loss, String metric, double value, Map<String, Double> further) {
    /** Keeps an unmodifiable copy of {@code further}, in its order. */
    public Evaluation {
        further = Collections.unmodifiableMap(new LinkedHashMap<>(further));
    }

    /** An evaluation without further values. */
    public static Evaluation of(double loss, String metric, double value) {
        return new Evaluation(loss, metric, value, Map.of());
    }
}
