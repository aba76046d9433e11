package io.heed.sequence.dsf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;

/**
 * Whether the mixers are the systems that the paper says; recall by state expansion; and forgetting by the reversed
 * sigmoid.
 */
final class DsfStudy implements Study {
    /**
     * Tokens, the first of which is to be remembered: a forget factor of 1/2, as at the start, keeps 3e-5 to 5e-10.
     */
    private static final List<Integer> MEMORY_LENGTHS = List.of(16, 24, 32);
    private static final int MEMORY_WIDTH = 32;
    private static final double MEMORY_RATE = 1e-2;
    private static final String SOFTMAX = "softmax";
    /** The mixers whose recall is compared at every expansion, by the option that sets it. */
    private static final Map<String, String> ARMS = arms();

    private static Map<String, String> arms() {
        Map<String, String> arms = new LinkedHashMap<>();
        arms.put("linear", "linear-attention:qk-width=");
        arms.put("normalised", "normalised-attention:qk-width=");
        arms.put("SSD", "ssd:states=");
        arms.put("S6", "s6:states=");
        return arms;
    }

    /** Sizes of one budget: recall of {@code pairs} in {@code length} tokens. */
    private record Sizes(int symbols, int length, int pairs, int width, int steps, double[] rates, int seeds,
            int[] expansions,
                         int memorySteps, int memorySeeds) {
        static Sizes of(Budget budget) {
            return budget == Budget.QUICK
                    ? new Sizes(64, 32, 4, 64, 500, new double[] {3e-3, 1e-2}, 1, new int[] {16, 64}, 400, 2)
                    : new Sizes(256, 64, 8, 64, 1200, new double[] {1e-3, 3e-3}, 2, new int[] {16, 32, 64, 128}, 500,
                            3);
        }

        int largest() {
            return expansions[expansions.length - 1];
        }
    }

    /** What was measured. */
    private record Results(List<Equivalence> systems, double softmax, Map<String, double[]> recall,
                           Map<String, Double> normalisers, Map<String, Double> lstms, List<Memory> standard,
                                   List<Memory> reversed) { }

    @Override
    public List<Claim> claims() {
        return DsfSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Report.Builder report = Report.of("dsf", budget).claims(claims());
        Sizes sizes = Sizes.of(budget);
        progress.update(0, "mixers as linear systems");
        List<Equivalence> systems = Equivalence.measure();
        report.table(Equivalence.table(systems)).table(Equivalence.softmaxTable());
        RecallArms arms = new RecallArms(RecallArms.task(sizes.symbols, sizes.length, sizes.pairs), sizes.width,
                sizes.steps,
                sizes.rates, sizes.seeds);
        Map<String, double[]> recall = new LinkedHashMap<>();
        double parts = ARMS.size() * sizes.expansions.length + 3.0;
        int done = 0;
        for (Map.Entry<String, String> arm : ARMS.entrySet()) {
            double[] accuracies = new double[sizes.expansions.length];
            for (int i = 0; i < accuracies.length; i++) {
                progress.update(done++ / parts, "recall, " + arm.getKey() + " n = " + sizes.expansions[i]);
                accuracies[i] = arms.best(arm.getValue() + sizes.expansions[i]);
            }
            recall.put(arm.getKey(), accuracies);
        }
        progress.update(done++ / parts, "recall, softmax");
        double softmax = arms.best("dsf-softmax:qk-width=" + sizes.largest());
        Map<String, Double> normalisers = normalisers(budget, sizes, arms, recall);
        progress.update(done++ / parts, "memory, qLSTM");
        List<Memory> standard = MEMORY_LENGTHS.stream().map(length -> Memory.of(false, length, sizes)).toList();
        progress.update(done / parts, "memory, reversed qLSTM");
        List<Memory> reversed = MEMORY_LENGTHS.stream().map(length -> Memory.of(true, length, sizes)).toList();
        Results results = new Results(systems, softmax, recall, normalisers, lstms(budget, arms), standard, reversed);
        report.table(recallTable(results, sizes)).plot(recallPlot(results, sizes)).table(memoryTable(results));
        notes(report, sizes);
        return verdict(report, results);
    }

    /** Recall of both qLSTMs, which have one state a channel; with the full budget only. */
    private static Map<String, Double> lstms(Budget budget, RecallArms arms) {
        Map<String, Double> accuracies = new LinkedHashMap<>();
        if (budget == Budget.FULL) {
            accuracies.put("qLSTM", arms.best("qlstm"));
            accuracies.put("qLSTM, reversed sigmoid", arms.best("qlstm:reversed=true"));
        }
        return accuracies;
    }

    /** The three normalisers at the smallest expansion, where recall is not yet full. */
    private static Map<String,
            Double> normalisers(Budget budget, Sizes sizes, RecallArms arms, Map<String, double[]> recall) {
        Map<String, Double> accuracies = new LinkedHashMap<>();
        if (budget == Budget.FULL) {
            accuracies.put("exp", recall.get("normalised")[0]);
            for (String eta : List.of("softplus", "sigmoid")) {
                accuracies.put(eta, arms.best("normalised-attention:eta=" + eta + ",qk-width="
                        + sizes.expansions[0]));
            }
        }
        return accuracies;
    }

    /**
     * Remembering by one layer, over seeds.
     *
     * @param length     tokens
     * @param loss       mean loss
     * @param remembered mean share of forget factors above {@value #REMEMBERS} after training
     */
    private record Memory(int length, double loss, double remembered) {
        private static final double REMEMBERS = 0.9;

        static Memory of(boolean reversed, int length, Sizes sizes) {
            double loss = 0;
            double remembered = 0;
            FirstTokenTask task = new FirstTokenTask(length);
            for (int seed = 0; seed < sizes.memorySeeds; seed++) {
                try (PointerScope _ = new PointerScope()) {
                    Seeds.seedTorch(seed, "weights", 0);
                    MemoryModel model = new MemoryModel(FirstTokenTask.VOCABULARY, MEMORY_WIDTH, reversed);
                    loss += StudyTraining.train(model, task, StudyTraining.config(sizes.memorySteps, MEMORY_RATE, seed))
                            .loss();
                    remembered += task.remembered(model, REMEMBERS);
                }
            }
            return new Memory(length, loss / sizes.memorySeeds, remembered / sizes.memorySeeds);
        }

        /** Mean over the lengths. */
        static double loss(List<Memory> memories) {
            return memories.stream().mapToDouble(Memory::loss).average().orElseThrow();
        }
    }

    private static Table recallTable(Results results, Sizes sizes) {
        List<String> columns = new ArrayList<>(List.of("mixer"));
        Arrays.stream(sizes.expansions).forEach(n -> columns.add("n = " + n));
        List<List<Object>> rows = new ArrayList<>();
        results.recall.forEach((arm, accuracies) -> {
            List<Object> row = new ArrayList<>(List.of(arm));
            Arrays.stream(accuracies).forEach(row::add);
            rows.add(row);
        });
        List<Object> softmax = new ArrayList<>(Collections.nCopies(columns.size(), null));
        softmax.set(0, SOFTMAX);
        softmax.set(columns.size() - 1, results.softmax);
        rows.add(softmax);
        results.normalisers.forEach((eta, accuracy) -> rows.add(row(columns.size(), "normalised by " + eta, accuracy)));
        results.lstms.forEach((lstm, accuracy) -> rows.add(row(columns.size(), lstm, accuracy)));
        return new Table("Recall accuracy by state expansion n, " + sizes.pairs + " pairs in " + sizes.length
                + " tokens of "
                + sizes.symbols + " symbols", columns, rows);
    }

    /** One number, at the smallest expansion or where there is only one. */
    private static List<Object> row(int columns, String name, double accuracy) {
        List<Object> row = new ArrayList<>(Collections.nCopies(columns, null));
        row.set(0, name);
        row.set(1, accuracy);
        return row;
    }

    private static Plot recallPlot(Results results, Sizes sizes) {
        double[] x = Arrays.stream(sizes.expansions).asDoubleStream().toArray();
        List<Plot.Series> series = new ArrayList<>();
        results.recall.forEach((arm, accuracies) -> series.add(new Plot.Series(arm, x, accuracies)));
        series.add(new Plot.Series(SOFTMAX, x, Arrays.stream(x).map(_ -> results.softmax).toArray()));
        return new Plot("Recall by state expansion", "n", "accuracy", series);
    }

    private static Table memoryTable(Results results) {
        List<List<Object>> rows = new ArrayList<>();
        results.standard.forEach(memory -> rows.add(List.of("qLSTM", memory.length, memory.loss, memory.remembered)));
        results.reversed.forEach(memory ->
                rows.add(List.of("qLSTM, reversed sigmoid", memory.length, memory.loss, memory.remembered)));
        return new Table("Remembering the first token (knowing nothing: ln 16 = 2.773)",
                List.of("mixer", "tokens", "loss, nats", "share of forget factors above " + Memory.REMEMBERS), rows);
    }

    private static void notes(Report.Builder report, Sizes sizes) {
        report.note("Every recall arm is a layer of short convolutions and one of the mixer, one head, D = "
                + sizes.width
                + ", no MLP in any arm, " + sizes.steps + " steps, at the best of the rates "
                + Arrays.toString(sizes.rates) + ", "
                + sizes.seeds + " seed(s). State spaces with n states a channel and attention with keys of width n"
                + " keep as much: n D numbers.");
        report.note("The paper compares at 512 tokens and 64 pairs with D up to 512 and 64 epochs, and gives its"
                + " numbers in figures only: softmax best, then SSD and S6, normalised, linear.");
        report.note("The reversed sigmoid is tested by keeping one token through noise; recall of both qLSTMs is"
                + " shown with the full budget.");
    }

    private static Report verdict(Report.Builder report, Results results) {
        double error = results.systems.stream().mapToDouble(Equivalence::error).max().orElseThrow();
        double[] linear = results.recall.get("linear");
        double[] normalised = results.recall.get("normalised");
        int last = linear.length - 1;
        double best = Math.max(results.softmax,
                Math.max(results.recall.get("SSD")[last], results.recall.get("S6")[last]));
        boolean equal = error <= Equivalence.TOLERANCE;
        boolean approaches = Math.abs(results.softmax - linear[last]) < Math.abs(results.softmax - linear[0]);
        boolean above = true;
        for (int i = 0; i <= last; i++) {
            above &= normalised[i] > linear[i];
        }
        boolean below = normalised[last] <= best;
        double standardLoss = Memory.loss(results.standard);
        double reversedLoss = Memory.loss(results.reversed);
        boolean reversed = reversedLoss < standardLoss;
        boolean exponential =
                results.normalisers.values().stream().allMatch(value -> value <= results.normalisers.get("exp"));
        int held = (equal ? 1 : 0) + (approaches ? 1 : 0) + (above ? 1 : 0) + (below ? 1 : 0) + (reversed ? 1 : 0)
                + (exponential ? 1 : 0);
        String eta = results.normalisers.isEmpty() ? "the choice of normaliser needs the full budget"
                : "exp is " + (exponential ? "" : "not ") + "the best normaliser";
        String reason = String.format(Locale.ROOT,
                "systems equal their mixers within %.1e; linear attention goes from %.3f to"
                + " %.3f as n grows, softmax is at %.3f (%s); normalised attention is %s linear at every n, and ends at"
                + " %.3f, %s the"
                + " best of softmax, SSD and S6 (%.3f); the reversed qLSTM's loss in"
                + " remembering is %.3f against %.3f; %s",
                error, linear[0], linear[last], results.softmax, approaches ? "nearer" : "not nearer",
                above ? "above" : "not above", normalised[last],
                below ? "not above" : "above", best, reversedLoss, standardLoss, eta);
        return report.verdict(held == 6 ? Verdict.Outcome.REPRODUCED : held > 0 ? Verdict.Outcome.PARTLY
                : Verdict.Outcome.NOT_REPRODUCED, reason);
    }
}
