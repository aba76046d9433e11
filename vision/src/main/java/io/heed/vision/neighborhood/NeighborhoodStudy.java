package io.heed.vision.neighborhood;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import org.bytedeco.javacpp.PointerScope;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.DataFolders;
import io.heed.kernels.NeighborhoodSpec;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;
import io.heed.vision.ColumnarConfig;
import io.heed.vision.ImageClassifier;
import io.heed.vision.ImageClassifierConfig;
import io.heed.vision.ImageTask;
import io.heed.vision.data.ImageData;
import io.heed.vision.data.ImageSets;

/**
 * Speed: the fused form, gathered windows, a naive loop and masked dense attention on grids of one, two and three axes,
 * with what each keeps in memory. With the full budget also a sweep of windows and grids, and a classifier of two
 * blocks with neighborhood attention against one with full attention.
 */
final class NeighborhoodStudy implements Study {
    private static final int SIDE = 64;
    private static final int[] WINDOWS = {7, 13};
    /** Share of the gathered form's growth in memory that the fused form's may have when the window doubles. */
    private static final double STEADY = 0.01;
    /** Points of accuracy by which the local classifier may be behind. */
    private static final double BEHIND = 1;

    /** Accuracies of the two classifiers on one grid. */
    private record Quality(String grid, double local, double full, double share) { }

    @Override
    public List<Claim> claims() {
        return NeighborhoodSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        boolean quick = budget == Budget.QUICK;
        int rounds = quick ? 5 : 9;
        Report.Builder report = Report.of("neighborhood-attention", budget).claims(claims());
        List<NeighborhoodSpec> specs = new ArrayList<>();
        specs.add(NeighborhoodSpec.of(new int[] {4096}, 63));
        for (int window : WINDOWS) {
            specs.add(NeighborhoodSpec.of(new int[] {SIDE, SIDE}, window, window));
        }
        specs.add(NeighborhoodSpec.of(new int[] {16, 16, 16}, 5, 5, 5));
        double share = quick ? 0.95 : 0.2;
        List<NeighborhoodArms.Row> rows = new ArrayList<>();
        for (NeighborhoodSpec spec : specs) {
            progress.update(share * rows.size() / specs.size(), spec.rank() + " axes, windows of " + spec.window());
            rows.add(NeighborhoodArms.measure(spec, rounds));
        }
        report.table(speed(rows)).table(memory(rows));
        report.table(new Table("What the paper found (GPU, average over its sizes)", List.of("claim", "1-D", "2-D"),
                List.of( List.of("fused over naive, half precision", "17.1x", "6.8x"),
                List.of("unfused over naive, float32", "10.0x", "3.7x"))));
        List<Quality> qualities = new ArrayList<>();
        if (!quick) {
            report.plot(sweep(progress, rounds));
            qualities.addAll(quality(progress, report));
        }
        report.note(NeighborhoodArms.HEADS + " heads of " + NeighborhoodArms.WIDTH + ", float32, medians of " + rounds
                + " interleaved rounds. The naive loop is plain Java on as many threads as the kernel.");
        return verdict(report, rows, qualities);
    }

    private static Report verdict(Report.Builder report, List<NeighborhoodArms.Row> rows, List<Quality> qualities) {
        List<NeighborhoodArms.Row> judged = rows.stream().filter(row -> row.spec().rank() > 1).toList();
        double overUnfused = least(judged, true);
        double overAll = least(judged, false);
        boolean ordered = judged.stream().allMatch(row -> row.gathered() <= row.naive() && row.naive() < row.dense());
        double growth = growth();
        boolean steady = growth < STEADY;
        boolean level = qualities.stream().allMatch(quality -> 100 * (quality.full - quality.local) <= BEHIND);
        String reason = String.format(Locale.ROOT, "on two and three axes the fused form is at least %.1fx as fast as"
                + " gathered windows and at least %.1fx as fast as the best of the others, backward pass included; the"
                + " others' order (gathered <= naive < dense) %s; when the window doubles, the fused form's memory"
                + " grows by %.3f%% of what the gathered form's does (below %.0f%% wanted)%s", overUnfused, overAll,
                ordered ? "holds" : "does not hold", 100 * growth, 100 * STEADY,
                qualities.isEmpty() ? "" : "; " + text(qualities));
        boolean faster = overUnfused > 1 && overAll > 1;
        Verdict.Outcome outcome = faster && steady && ordered && level ? Verdict.Outcome.REPRODUCED
                : faster || steady ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED;
        return report.verdict(outcome, reason);
    }

    /** The fused form's least lead over gathered windows, or over the best of all others. */
    private static double least(List<NeighborhoodArms.Row> rows, boolean unfusedOnly) {
        return rows.stream().mapToDouble(row -> {
            double forward = unfusedOnly ? row.gathered() : Math.min(row.gathered(),
                    Math.min(row.naive(), row.dense()));
            double both = unfusedOnly ? row.gatheredBoth() : Math.min(row.gatheredBoth(), row.denseBoth());
            return Math.min(forward / row.fused(), both / row.fusedBoth());
        }).min().orElseThrow();
    }

    /** How much more the fused form keeps when a window of 7 x 7 doubles, over how much more the gathered form does. */
    private static double growth() {
        NeighborhoodSpec one = NeighborhoodSpec.of(new int[] {SIDE, SIDE}, 7, 7);
        NeighborhoodSpec two = NeighborhoodSpec.of(new int[] {SIDE, SIDE}, 14, 7);
        return (NeighborhoodArms.fusedBytes(two) - NeighborhoodArms.fusedBytes(one))
                / (double) (NeighborhoodArms.gatheredBytes(two) - NeighborhoodArms.gatheredBytes(one));
    }

    private static Plot sweep(Progress progress, int rounds) {
        int[] windows = {3, 5, 7, 13, 25};
        int[] sides = {16, 32, 48, 64, 96};
        List<Plot.Series> series = new ArrayList<>();
        for (int window : windows) {
            List<NeighborhoodArms.Row> rows = new ArrayList<>();
            for (int side : sides) {
                if (window <= side) {
                    progress.update(0.2 + 0.4 * (series.size() + (double) rows.size() / sides.length) / windows.length,
                            "window " + window + " on " + side + "x" + side);
                    rows.add(NeighborhoodArms.measure(NeighborhoodSpec.of(new int[] {side, side}, window, window),
                            side > SIDE || window > WINDOWS[1] ? 3 : rounds));
                }
            }
            series.add(new Plot.Series("window " + window, rows.stream().mapToDouble(row -> row.spec().sizes()[0])
                    .toArray(),
                    rows.stream().mapToDouble(row -> Math.min(row.gathered(), row.dense()) / row.fused()).toArray()));
        }
        return new Plot("Lead of the fused form over the better composition", "side of the grid", "times as fast",
                series);
    }

    private static List<Quality> quality(Progress progress, Report.Builder report) {
        ImageData data = ImageSets.open("fashion-mnist", DataFolders.of(null));
        ImageTask task = new ImageTask(data, 64);
        List<Quality> qualities = new ArrayList<>();
        int[][] grids = {{4, 3}, {2, 7}}; // pixels of a patch, window
        for (int[] grid : grids) {
            ColumnarConfig full = ColumnarConfig.of("softmax", data.channels(), data.height(), data.width(), grid[0],
                    64, 2);
            double[] accuracies = new double[2];
            for (int arm = 0; arm < 2; arm++) {
                progress.update(0.6 + 0.2 * qualities.size() + 0.1 * arm, "training on " + full.rows() + "x"
                        + full.columns());
                String mixer = arm == 0 ? "neighborhood:kernel=" + grid[1] : "softmax";
                ColumnarConfig backbone = full.withMixers(ColumnarConfig.of(mixer, data.channels(), data.height(),
                        data.width(), grid[0], 64, 2).mixers());
                try (PointerScope _ = new PointerScope()) {
                    Seeds.seedTorch(0, "weights", 0);
                    accuracies[arm] = StudyTraining.train(new ImageClassifier(new ImageClassifierConfig(backbone,
                            data.classes().size())), task, StudyTraining.config(1000, 2e-3, 0)).value();
                }
            }
            double share = (double) grid[1] * grid[1] / (full.rows() * full.columns());
            qualities.add(new Quality(full.rows() + "x" + full.columns(), accuracies[0], accuracies[1], share));
        }
        report.table(new Table("Classifiers of two blocks after 1,000 steps (" + data.about() + ")",
                List.of("tokens", "neighborhood, accuracy", "full attention, accuracy", "share of its attention FLOPs"),
                qualities.stream().map(quality -> List.<Object>of(quality.grid, quality.local, quality.full,
                quality.share)).toList()));
        return qualities;
    }

    private static String text(List<Quality> qualities) {
        List<String> parts = qualities.stream().map(quality -> String.format(Locale.ROOT,
                "accuracy %.1f%% against %.1f%% of full attention on %s tokens at %.0f%% of its attention FLOPs",
                100 * quality.local, 100 * quality.full, quality.grid, 100 * quality.share)).toList();
        return String.join(", ", parts);
    }

    private static Table speed(List<NeighborhoodArms.Row> rows) {
        List<List<Object>> cells = new ArrayList<>();
        rows.forEach(row -> cells.add(List.of(row.name(), row.fused(), row.gathered(), row.naive(), row.dense(),
                row.fusedBoth(), row.gatheredBoth(), row.denseBoth())));
        return new Table("Milliseconds", List.of("grid, window", "fused", "gathered", "naive loop", "dense with a mask",
                "fused, with backward", "gathered, with backward", "dense, with backward"), cells);
    }

    private static Table memory(List<NeighborhoodArms.Row> rows) {
        List<List<Object>> cells = new ArrayList<>();
        rows.forEach(row -> cells.add(List.of(row.name(), NeighborhoodArms.fusedBytes(row.spec()),
                NeighborhoodArms.gatheredBytes(row.spec()), NeighborhoodArms.denseBytes(row.spec()),
                (long) NeighborhoodArms.HEADS * row.spec().tokens() * NeighborhoodArms.WIDTH * Float.BYTES)));
        return new Table("Bytes kept besides inputs and outputs, by the algorithm (forward)", List.of("grid, window",
                "fused, all threads", "gathered", "dense with a mask", "the output, for comparison"), cells);
    }
}
