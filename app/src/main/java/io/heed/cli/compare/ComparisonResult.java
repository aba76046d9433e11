package io.heed.cli.compare;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * The outcome of a comparison.
 *
 * @param task           the task's id
 * @param data           what it was trained on, in a few words
 * @param metric         name of the task's metric
 * @param unit           what a training step reads, in the plural, e.g. {@code tokens}
 * @param higherIsBetter whether a larger value of it is better
 * @param steps          steps of every model
 * @param mixers         one entry a mixer, in the order asked for
 * @param settings       settings as names and values, for the report
 * @param machine        the machine as names and values
 * @param command        the command that does it again
 * @param seconds        wall time of all of it
 */
public record ComparisonResult(String task, String data, String metric, String unit, boolean higherIsBetter,
                               long steps, List<MixerResult> mixers, Map<String, String> settings,
                               Map<String, String> machine, String command, double seconds) {
    /** Mixers, best metric first. */
    public List<MixerResult> ranked() {
        Comparator<MixerResult> worse = Comparator.comparingDouble(result -> result.value().mean());
        return mixers.stream().sorted(higherIsBetter ? worse.reversed() : worse).toList();
    }
}
