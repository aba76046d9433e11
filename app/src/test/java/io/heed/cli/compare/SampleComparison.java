package io.heed.cli.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A comparison with made-up curves, for tests of what shows it. */
final class SampleComparison {
    private static final String[] MIXERS = {"softmax", "sigmoid-attention", "lightning-attention", "aaren"};
    private static final double[] LIMITS = {1.62, 1.66, 1.71, 1.94};
    private static final double[] STEP_SECONDS = {0.021, 0.020, 0.016, 0.030};
    private static final long[] STATE_BYTES = {1 << 20, 1 << 20, 65_536, 2080};

    private SampleComparison() { }

    static ComparisonResult of(int mixers, int seeds, int steps) {
        List<MixerResult> results = new ArrayList<>();
        for (int m = 0; m < mixers; m++) {
            List<SeedRun> runs = new ArrayList<>();
            for (int seed = 0; seed < seeds; seed++) {
                runs.add(run(m, seed, steps));
            }
            results.add(new MixerResult(MIXERS[m], 412_032 + 37 * m, steps, runs, "a small bird of ",
                    "the <b>family</b> & \"friends\" of " + MIXERS[m]));
        }
        Map<String, String> settings = new LinkedHashMap<>(Map.of("Steps", String.valueOf(steps)));
        return new ComparisonResult("text", "WordNet glosses", "bits per character", "tokens", false, steps, results,
                settings,
                Map.of("Processor", "a <fast> one"), "heed compare --steps " + steps, 131);
    }

    private static SeedRun run(int mixer, int seed, int steps) {
        Random random = new Random(10 * mixer + seed);
        List<History.StepPoint> points = new ArrayList<>();
        List<History.EvaluationPoint> evaluations = new ArrayList<>();
        double seconds = 0;
        for (int step = 1; step <= steps; step++) {
            seconds += STEP_SECONDS[mixer] * (0.9 + 0.2 * random.nextDouble());
            double loss = LIMITS[mixer] + 0.01 * seed + (4.6 - LIMITS[mixer]) * Math.exp(-step / 60.0);
            points.add(new History.StepPoint(step, seconds, loss + 0.05 * random.nextGaussian()));
            if (step % 50 == 0 || step == steps) {
                evaluations.add(new History.EvaluationPoint(step, seconds, loss, loss / Math.log(2)));
            }
        }
        History.EvaluationPoint last = evaluations.getLast();
        return new SeedRun(seed, new History(points, evaluations), last.loss(), last.value(), Double.NaN,
                2048 / STEP_SECONDS[mixer], 60_000_000L + 8_000_000L * mixer, STATE_BYTES[mixer]);
    }
}
