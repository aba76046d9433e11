package io.heed.cli.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.function.Function;

import io.heed.cli.output.Figures;

/**
 * One column of the comparison: what it is called, how to read and write its figure, and which way is better.
 *
 * @param name           heading
 * @param figure         the figure of a mixer
 * @param write          the figure as text
 * @param higherIsBetter whether more is better
 * @param compared       whether the best is marked (not for parameters, which are equal by design)
 */
record Measure(String name, Function<MixerResult, Statistic> figure, DoubleFunction<String> write,
        boolean higherIsBetter,
               boolean compared) {

    /**
     * The columns of a comparison's table, the task's metric first. A test metric and a decoding state have a column
     * where there is one to show.
     */
    static List<Measure> of(ComparisonResult result) {
        List<Measure> measures = new ArrayList<>();
        measures.add(new Measure(result.metric(), MixerResult::value, Figures::quality, result.higherIsBetter(), true));
        if (result.mixers().stream().noneMatch(mixer -> Double.isNaN(mixer.test().mean()))) {
            measures.add(new Measure("test " + result.metric(), MixerResult::test, Figures::quality,
                    result.higherIsBetter(), true));
        }
        measures.add(new Measure("validation loss", MixerResult::validationLoss, Figures::quality, false, true));
        measures.add(new Measure("train loss", MixerResult::trainLoss, Figures::quality, false, true));
        measures.add(new Measure("parameters", mixer -> new Statistic(mixer.parameters(), 0, 1), Figures::count, false,
                false));
        measures.add(new Measure(result.unit() + "/s", MixerResult::tokensPerSecond, Figures::count, true, true));
        measures.add(new Measure("step memory", MixerResult::peakBytes, Figures::bytes, false, true));
        if (result.mixers().stream().anyMatch(mixer -> mixer.stateBytes() > 0)) {
            measures.add(new Measure("decoding state", mixer -> new Statistic(mixer.stateBytes(), 0, 1), Figures::bytes,
                    false, true));
        }
        return measures;
    }

    /** The figure as text. */
    String text(MixerResult mixer) {
        double mean = figure.apply(mixer).mean();
        return Double.isNaN(mean) ? "-" : write.apply(mean);
    }

    /** {@code ± spread} when there is more than one seed, else empty. */
    String spread(MixerResult mixer) {
        Statistic measured = figure.apply(mixer);
        if (measured.count() < 2) {
            return "";
        }
        // As many decimals as the mean has: more would promise a precision that a few seeds do not give.
        boolean sameDecimals = write.apply(measured.mean()).matches("[0-9.]+") && measured.spread() < 1;
        return "± " + (sameDecimals ? String.format(Locale.ROOT, "%.3f", measured.spread())
                : write.apply(measured.spread()));
    }

    /** Whether {@code mixer} has the best figure, as it is written; nobody has when all are equal. */
    boolean isBest(MixerResult mixer, List<MixerResult> all) {
        if (!compared || all.size() < 2) {
            return false;
        }
        double sign = higherIsBetter ? 1 : -1;
        double best = all.stream().mapToDouble(other -> sign * figure.apply(other).mean()).max().orElse(Double.NaN);
        String written = write.apply(sign * best);
        boolean allEqual = all.stream().allMatch(other -> write.apply(figure.apply(other).mean()).equals(written));
        return !allEqual && write.apply(figure.apply(mixer).mean()).equals(written);
    }

    /** Length of the mixer's bar against the longest of the column. */
    double share(MixerResult mixer, List<MixerResult> all) {
        double largest = all.stream().mapToDouble(other -> figure.apply(other).mean()).max().orElse(1);
        return largest > 0 ? figure.apply(mixer).mean() / largest : 0;
    }

    /** {@code name}, with a capital. */
    String heading() {
        return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }
}
