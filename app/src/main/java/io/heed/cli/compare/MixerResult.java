package io.heed.cli.compare;

import java.util.List;

/**
 * What one mixer reached, over all seeds.
 *
 * @param mixer      the mixer as the user wrote it
 * @param parameters trained numbers in its model
 * @param steps      steps done
 * @param runs       one entry a seed, at least one
 * @param prompt     what {@code sample} continues; empty when there is no sample
 * @param sample     text that the first seed's model wrote; empty for tasks without text
 */
public record MixerResult(String mixer, long parameters, long steps, List<SeedRun> runs, String prompt, String sample) {
    public MixerResult {
        runs = List.copyOf(runs);
    }

    /** The task's metric. */
    public Statistic value() {
        return Statistic.of(runs, SeedRun::value);
    }

    /** The task's metric on the test split; NaN where there is none. */
    public Statistic test() {
        return Statistic.of(runs, SeedRun::test);
    }

    /** Validation loss. */
    public Statistic validationLoss() {
        return Statistic.of(runs, SeedRun::validationLoss);
    }

    /** Training loss at the end. */
    public Statistic trainLoss() {
        return Statistic.of(runs, run -> run.history().finalTrainLoss());
    }

    /** Training throughput. */
    public Statistic tokensPerSecond() {
        return Statistic.of(runs, SeedRun::tokensPerSecond);
    }

    /** Resident memory of a training step. */
    public Statistic peakBytes() {
        return Statistic.of(runs, SeedRun::peakBytes);
    }

    /** Decoding state of one sequence. */
    public long stateBytes() {
        return runs.getFirst().stateBytes();
    }
}
