package io.heed.cli.inspect;

import java.util.List;

import io.heed.insight.HeadImportance;

/**
 * What to look at.
 *
 * @param epsilon alpha above which a key is a sink
 * @param layers  layers to show; empty for all
 * @param heads   heads to show; empty for all
 * @param removal how heads are taken away to see what they are worth; null for not at all
 */
public record InspectSettings(double epsilon, List<Integer> layers, List<Integer> heads,
        HeadImportance.Removal removal) {
    /** @throws IllegalArgumentException when epsilon is not between 0 and 1 */
    public InspectSettings {
        if (!(epsilon > 0 && epsilon < 1)) {
            throw new IllegalArgumentException("--epsilon is " + epsilon + ", must be above 0 and below 1");
        }
        layers = List.copyOf(layers);
        heads = List.copyOf(heads);
    }
}
