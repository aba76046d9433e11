package io.heed.cli.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

import io.heed.cli.report.Curve;
import io.heed.cli.report.LineChart;

/** A comparison's curves: over steps, and over each model's own training seconds. */
final class LossCurves {
    private static final int POINTS = 240;

    private LossCurves() { }

    /** Training loss, each point the mean of the steps around it. */
    static LineChart training(ComparisonResult result) {
        return chart("Training loss", "mean of the steps around a point", result, LossCurves::smoothed);
    }

    /** Validation loss. */
    static LineChart validation(ComparisonResult result) {
        return chart("Validation loss", "the same held-out examples for all", result, history -> points(history,
                History.EvaluationPoint::loss));
    }

    /** The task's metric on the validation split. */
    static LineChart metric(ComparisonResult result) {
        String direction = result.higherIsBetter() ? "higher is better" : "lower is better";
        return chart("Validation " + result.metric(), direction, result, history -> points(history,
                History.EvaluationPoint::value));
    }

    /** Points of one seed's curve: step, seconds, value. */
    record Points(double[] steps, double[] seconds, double[] values) { }

    @FunctionalInterface
    private interface Reading {
        Points of(History history);
    }

    private static LineChart chart(String title, String values, ComparisonResult result, Reading reading) {
        List<Curve> overSteps = new ArrayList<>();
        List<Curve> overSeconds = new ArrayList<>();
        for (int i = 0; i < result.mixers().size(); i++) {
            MixerResult mixer = result.mixers().get(i);
            List<Points> seeds = mixer.runs().stream().map(run -> reading.of(run.history())).toList();
            overSteps.add(curve(mixer.mixer(), i, seeds.getFirst().steps(), seeds));
            overSeconds.add(curve(mixer.mixer(), i, seeds.getFirst().seconds(), seeds));
        }
        return new LineChart(title, values,
                List.of(new LineChart.Panel("steps", overSteps), new LineChart.Panel("seconds", overSeconds)));
    }

    /** The mean over seeds, and the band from the least to the largest. */
    private static Curve curve(String name, int colour, double[] x, List<Points> seeds) {
        int n = seeds.stream().mapToInt(points -> points.values().length).min().orElse(0);
        double[] at = new double[n];
        double[] mean = new double[n];
        double[] low = new double[n];
        double[] high = new double[n];
        for (int i = 0; i < n; i++) {
            at[i] = x[i];
            low[i] = Double.POSITIVE_INFINITY;
            high[i] = Double.NEGATIVE_INFINITY;
            for (Points seed : seeds) {
                mean[i] += seed.values()[i] / seeds.size();
                low[i] = Math.min(low[i], seed.values()[i]);
                high[i] = Math.max(high[i], seed.values()[i]);
            }
        }
        return seeds.size() == 1 ? Curve.of(name, colour, at, mean) : new Curve(name, colour, at, mean, low, high);
    }

    private static Points points(History history, ToDoubleFunction<History.EvaluationPoint> value) {
        List<History.EvaluationPoint> evaluations = history.evaluations();
        return new Points(evaluations.stream().mapToDouble(History.EvaluationPoint::step).toArray(),
                evaluations.stream().mapToDouble(History.EvaluationPoint::seconds).toArray(),
                evaluations.stream().mapToDouble(value).toArray());
    }

    /** A running mean over about a thirtieth of the run, at no more points than a screen can show. */
    static Points smoothed(History history) {
        List<History.StepPoint> steps = history.steps();
        int n = steps.size();
        int reach = n / 60;
        double[] sums = new double[n + 1];
        for (int i = 0; i < n; i++) {
            sums[i + 1] = sums[i] + steps.get(i).loss();
        }
        int count = Math.min(n, POINTS);
        double[] at = new double[count];
        double[] seconds = new double[count];
        double[] values = new double[count];
        for (int k = 0; k < count; k++) {
            int i = count == 1 ? 0 : (int) Math.round((double) k * (n - 1) / (count - 1));
            // As many steps before as after, so that the mean does not lag behind a falling loss.
            int near = Math.min(reach, Math.min(i, n - 1 - i));
            at[k] = steps.get(i).step();
            seconds[k] = steps.get(i).seconds();
            values[k] = (sums[i + near + 1] - sums[i - near]) / (2 * near + 1);
        }
        return new Points(at, seconds, values);
    }
}
