package io.heed.sequence.based;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.Mqar;
import io.heed.sequence.RecallTask;

/**
 * Recall against state: multi-query associative recall with Taylor attention of several feature widths, windows of
 * several widths and both, against softmax attention, linear attention with elu + 1 and convolutions alone. Then the
 * speed of decoding over the length of the context.
 */
final class BasedStudy implements Study {
    /** Accuracies closer than this count as equal. */
    private static final double LEVEL = 0.02;
    /** By how much Taylor features must be ahead of elu + 1 at the same width. */
    private static final double WIDE = 0.1;
    /** Ratio of the fastest to the slowest context that still counts as flat. */
    private static final double FLAT = 1.25;

    @Override
    public List<Claim> claims() {
        return BasedSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Report.Builder report = Report.of("based", budget).claims(claims());
        List<RecallArm> arms = List.of(RecallArm.taylor(4), RecallArm.taylor(8), RecallArm.taylor(16),
                RecallArm.window(8),
                RecallArm.window(32), RecallArm.hybrid(4, 8), RecallArm.hybrid(8, 8), RecallArm.elu(16),
                RecallArm.convolutions(), RecallArm.softmax());
        StringBuilder reason = new StringBuilder();
        int held = 0;
        int checked = 0;
        List<RecallTask<Mqar>> tasks = budget == Budget.QUICK ? List.of(
                new RecallTask<>(new Mqar(128, 64, 8, 0.01, false, 0, 3000, 123), 32, 256))
                : List.of(new RecallTask<>(Mqar.of(1024, 128, 8), 64, 512),
                        new RecallTask<>(Mqar.of(1024, 256, 32), 64, 512));
        for (int t = 0; t < tasks.size(); t++) {
            RecallTask<Mqar> task = tasks.get(t);
            List<RecallArm.Result> results = new ArrayList<>();
            for (RecallArm arm : arms) {
                progress.update(0.85 * (t * arms.size() + results.size()) / (tasks.size() * arms.size()), "recall with "
                        + arm.name());
                results.add(budget == Budget.QUICK ? arm.train(task, 400, new double[] {3e-3}, 1)
                        : arm.train(task, 4000, new double[] {1e-3, 3e-3, 5e-3}, 2));
            }
            report.table(recallTable(task, results)).plot(plot(task, results));
            boolean[] found = recallChecks(results);
            for (boolean one : found) {
                held += one ? 1 : 0;
                checked++;
            }
            describe(reason, task, results, found);
        }
        progress.update(0.85, "decoding");
        List<DecodeSpeed.Row> speeds = new ArrayList<>(DecodeSpeed.measure(1, budget == Budget.QUICK
                ? new int[] {1024, 4096, 8192} : new int[] {1024, 2048, 4096, 8192, 16_384}, budget == Budget.QUICK
                ? 128 : 1024));
        if (budget == Budget.FULL) {
            speeds.addAll(DecodeSpeed.measure(16, new int[] {1024, 2048, 4096, 8192}, 256));
        }
        report.table(speedTable(speeds));
        double flatness = flatness(speeds);
        checked++;
        held += flatness <= FLAT ? 1 : 0;
        reason.append(String.format(Locale.ROOT,
                "; decoding speed over the context varies %.2fx (flat up to %.2fx) and is %.1fx"
                + " softmax attention's after %d tokens", flatness, FLAT, speeds.getLast().ratio(), speeds.getLast()
                .context()));
        report.note("Paper: 1.3B parameters and 50B tokens; here two or three layers of width 64 with one head, the"
                + " first a gated"
                + " convolution, no MLPs, and recall from generated examples. Weights start as large as is usual for"
                + " narrow models:"
                + " with a deviation of 0.02 no arm learns to recall in so few steps.");
        report.note("State: what the layers after the convolution remember of one example, in bytes. The hybrid has"
                + " one layer more"
                + " than the rest; hybrids and single layers are compared at equal state, not at equal parameters.");
        report.note("The paper's 24x is a GPU figure at batch 128; the ratio here is of two CPU decoders.");
        return report.verdict(held == checked ? Verdict.Outcome.REPRODUCED
                : held > 0 ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason.toString());
    }

    /**
     * Rises with f; rises with w; Taylor far ahead of elu + 1; the hybrids on or above single layers of no more state.
     */
    private static boolean[] recallChecks(List<RecallArm.Result> results) {
        boolean above = results.stream().filter(result -> result.arm().curve().equals("hybrid")).allMatch(hybrid ->
                hybrid.accuracy() >= Math.max(RecallArm.reached(results, "Taylor", hybrid.stateBytes()),
                        RecallArm.reached(results, "window", hybrid.stateBytes())) - LEVEL);
        return new boolean[] {
            RecallArm.rises(results, LEVEL, RecallArm.taylor(4), RecallArm.taylor(8), RecallArm.taylor(16)),
            RecallArm.rises(results, LEVEL, RecallArm.window(8), RecallArm.window(32)),
            RecallArm.accuracy(results, RecallArm.taylor(16)) - RecallArm.accuracy(results, RecallArm.elu(16)) >= WIDE,
            above};
    }

    private static void describe(StringBuilder reason, RecallTask<Mqar> task, List<RecallArm.Result> results,
            boolean[] found) {
        reason.append(reason.isEmpty() ? "" : "; ")
                .append(String.format(Locale.ROOT, "%d pairs in %d tokens: accuracy %.3f, %.3f,"
                + " %.3f with f = 4, 8, 16 (%s), %.3f and %.3f with windows 8 and 32 (%s), elu+1 %.3f at f = 16 (%s),"
                + " hybrids %.3f"
                + " and %.3f (%s single layers of no more state), softmax %.3f", task.data().pairs(), task.data()
                .length(),
                RecallArm.accuracy(results, RecallArm.taylor(4)), RecallArm.accuracy(results, RecallArm.taylor(8)),
                RecallArm.accuracy(results, RecallArm.taylor(16)), found[0] ? "rising" : "not rising",
                RecallArm.accuracy(results, RecallArm.window(8)), RecallArm.accuracy(results, RecallArm.window(32)),
                found[1] ? "rising" : "not rising", RecallArm.accuracy(results, RecallArm.elu(16)),
                found[2] ? "far behind" : "not far behind", RecallArm.accuracy(results, RecallArm.hybrid(4, 8)),
                RecallArm.accuracy(results, RecallArm.hybrid(8, 8)), found[3] ? "on or above" : "below",
                RecallArm.accuracy(results, RecallArm.softmax())));
    }

    private static double flatness(List<DecodeSpeed.Row> rows) {
        double worst = 1;
        for (DecodeSpeed.Row a : rows) {
            for (DecodeSpeed.Row b : rows) {
                worst = a.batch() == b.batch() ? Math.max(worst, a.based() / b.based()) : worst;
            }
        }
        return worst;
    }

    private static Table recallTable(RecallTask<Mqar> task, List<RecallArm.Result> results) {
        List<List<Object>> rows = new ArrayList<>();
        results.forEach(result -> rows.add(List.of(result.arm().name(), result.accuracy(), result.stateBytes(),
                result.parameters(), result.rate())));
        return new Table("Recall of " + task.data().pairs() + " pairs in " + task.data().length() + " tokens",
                List.of("layers after the convolution", "accuracy", "state bytes", "parameters", "rate"), rows);
    }

    private static Plot plot(RecallTask<Mqar> task, List<RecallArm.Result> results) {
        List<Plot.Series> series = results.stream().map(result -> result.arm().curve()).distinct().map(curve -> {
            List<RecallArm.Result> points = results.stream().filter(result -> result.arm().curve().equals(curve))
                    .sorted((a, b) -> Long.compare(a.stateBytes(), b.stateBytes())).toList();
            return new Plot.Series(curve, points.stream().mapToDouble(RecallArm.Result::stateBytes).toArray(),
                    points.stream().mapToDouble(RecallArm.Result::accuracy).toArray());
        }).toList();
        return new Plot("Recall of " + task.data().pairs() + " pairs over the state", "state bytes", "accuracy",
                series);
    }

    private static Table speedTable(List<DecodeSpeed.Row> rows) {
        List<List<Object>> cells = new ArrayList<>();
        rows.forEach(row -> cells.add(List.of(row.batch(), row.context(), row.based(), row.softmax(), row.ratio())));
        return new Table("Decoding, tokens/s", List.of("batch", "context", "based", "softmax", "ratio"), cells);
    }
}
