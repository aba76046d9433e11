package io.heed.sequence.zoology;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import org.bytedeco.javacpp.PointerScope;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.Mqar;
import io.heed.data.WordData;
import io.heed.data.WordNet;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.Mixers;
import io.heed.sequence.Pattern;
import io.heed.sequence.RecallTrial;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;

/** Recall of every mixer that Heed has; recall by width and pairs; and how much of the loss on text is recall. */
final class ZoologyStudy implements Study {
    private static final String ATTENTION = "softmax:positions=none";
    private static final String CONVOLUTION = "base-conv:kernel=long";
    private static final String LOOKUPS = "sparse-lookups";
    private static final List<String> GATED = List.of(CONVOLUTION, "hyena", "h3", "rwkv");

    private static final String ORACLE = "oracle";
    private static final List<String> TEXT_ARMS = List.of(ATTENTION, CONVOLUTION, LOOKUPS, ORACLE);

    private static final double TEXT_RATE = 3e-3;
    private static final double SOLVED = 0.99;
    private static final double CLOSED = 0.9;

    /** Perplexity at AR hits of the paper's models with 355M parameters on the Pile. */
    private static final Map<String, Double> PAPER = Map.of("softmax", 1.98, "hyena", 4.81, "h3", 3.83, "rwkv", 3.82);

    /** A recall task for many mixers or many sizes: N and K may be set by the grid instead. */
    private record Recall(int vocabulary, int length, int pairs, int width, int batch, int steps, List<Double> rates) {
        /** With filler 0 between the queries, as in the paper's comparison by width. */
        RecallTrial trial(int width, int length, int pairs) {
            Mqar data = new Mqar(Math.max(vocabulary, 2 * length), length, pairs, 0.01, false, 0, 3000, 123);
            return new RecallTrial(data, width, 1, batch, steps, rates, 0);
        }
    }

    /** Sizes of one budget. Every {@code loads} is a pair of N and K. */
    private record Sizes(Recall all, Recall grid, int[] widths, int[][] loads, List<String> arms, int words,
                         int textWidth, int textSteps, int textLength, int textWindows) {
        static Sizes of(Budget budget) {
            return budget == Budget.QUICK
                    ? new Sizes(new Recall(64, 32, 4, 64, 32, 300, List.of(1e-2)),
                            new Recall(32, 16, 4, 64, 64, 400, List.of(3e-3)), new int[] {32, 64},
                            new int[][] {{16, 2}, {16, 4}}, List.of(ATTENTION, CONVOLUTION, LOOKUPS), 1024, 64, 120,
                            128, 512)
                    : new Sizes(new Recall(256, 64, 8, 64, 64, 1000, List.of(1e-2, 3e-3)),
                            new Recall(256, 64, 8, 64, 64, 2000, List.of(1e-2, 3e-3, 1e-3)), new int[] {32, 64, 128},
                            new int[][] {{64, 4}, {64, 8}, {128, 16}}, mixers(), 4096, 128, 2000, 128, 1024);
        }

        private static List<String> mixers() {
            List<String> arms = new ArrayList<>(List.of(ATTENTION));
            arms.addAll(GATED);
            arms.add(LOOKUPS);
            return arms;
        }
    }

    /** One cell of the grid. */
    private record Cell(String arm, int width, int length, int pairs) { }

    @Override
    public List<Claim> claims() {
        return ZoologySystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Report.Builder report = Report.of("zoology", budget).claims(claims());
        Sizes sizes = Sizes.of(budget);
        recallOfAll(report, sizes.all, progress);
        Map<Cell, RecallTrial.Outcome> grid = grid(sizes, progress);
        Map<String, RecallText.Losses> text = text(sizes, progress);
        report.table(gridTable(grid, sizes)).table(textTable(text));
        report.note("Recall: two layers of one head, of which the first is a convolution of three taps in every model"
                + " and"
                + " the second the mixer, no MLP, no dropout; filler 0 between the queries. All mixers: at most "
                + sizes.all.steps + " steps of " + sizes.all.batch + " examples at the best of the rates "
                + sizes.all.rates + "; by width and pairs: " + sizes.grid.steps + " of " + sizes.grid.batch + " at "
                + sizes.grid.rates + ". A run that recalls 99% stops; none stops for another reason. Chance among the"
                + " values of the context is 1 / pairs.");
        report.note("Text: words of WordNet's glosses; a hit repeats a pair of neighbours of the window that training"
                + " has less"
                + " than 100 times. The oracle attends where a word stands earlier in the window, and nowhere else."
                + " The paper's perplexities are of 355M parameters and 10B tokens of the Pile.");
        return verdict(report, sizes, grid, text);
    }

    private static Map<Cell, RecallTrial.Outcome> grid(Sizes sizes, Progress progress) {
        Map<Cell, RecallTrial.Outcome> grid = new LinkedHashMap<>();
        int cells = sizes.arms.size() * sizes.widths.length * sizes.loads.length;
        for (String arm : sizes.arms) {
            for (int width : sizes.widths) {
                for (int[] load : sizes.loads) {
                    progress.update(0.55 + 0.3 * grid.size() / cells, "recall of " + load[1] + " pairs at width "
                            + width + ", "
                            + arm);
                    grid.put(new Cell(arm, width, load[0], load[1]),
                            sizes.grid.trial(width, load[0], load[1]).run(arm));
                }
            }
        }
        return grid;
    }

    /** The table over the registry, which says what cannot take part. */
    private static void recallOfAll(Report.Builder report, Recall recall, Progress progress) {
        Map<MixerKind, RecallTrial.Outcome> outcomes = new LinkedHashMap<>();
        List<String> left = new ArrayList<>();
        List<MixerKind> kinds = Mixers.all();
        RecallTrial trial = recall.trial(recall.width, recall.length, recall.pairs);
        for (MixerKind kind : kinds) {
            progress.update(0.55 * (outcomes.size() + left.size()) / kinds.size(), "recall, " + kind.id());
            if (!kind.patterns().contains(Pattern.CAUSAL_SELF)) {
                left.add(kind.id() + " (not causal)");
                continue;
            }
            try {
                outcomes.put(kind, trial.run(kind.id()));
            } catch (IllegalArgumentException | UnsupportedOperationException e) {
                left.add(kind.id() + " (" + e.getMessage() + ")");
            }
        }
        List<List<Object>> rows = new ArrayList<>();
        outcomes.entrySet().stream()
                .sorted(Comparator.comparingDouble(entry -> -entry.getValue().accuracy())).forEach(entry -> {
                    RecallTrial.Outcome outcome = entry.getValue();
                    List<Object> row = new ArrayList<>(List.of(entry.getKey().id(), outcome.accuracy(), outcome.steps(),
                            outcome.rate(), outcome.parameters(), outcome.seconds()));
                    row.add(PAPER.get(entry.getKey().id()));
                    rows.add(row);
                });
        report.table(new Table("Recall of " + recall.pairs + " pairs in " + recall.length + " tokens, width "
                + recall.width,
                List.of("mixer", "accuracy", "steps", "rate", "parameters", "seconds",
                        "paper: perplexity at recall on the Pile, 355M"), rows));
        if (!left.isEmpty()) {
            report.note("Left out of the table: " + String.join(", ", left) + ".");
        }
    }

    private static Map<String, RecallText.Losses> text(Sizes sizes, Progress progress) {
        WordData words = new WordData(WordNet.glosses(), sizes.words, sizes.textLength);
        RecallText task = new RecallText(words, 8, sizes.textWindows, 100);
        Map<String, RecallText.Losses> losses = new LinkedHashMap<>();
        for (String arm : TEXT_ARMS) {
            progress.update(0.85 + 0.035 * losses.size(), "words of WordNet, " + arm);
            try (PointerScope _ = new PointerScope()) {
                Seeds.seedTorch(0, "weights", 0);
                ZoologyModel model = textModel(arm, sizes);
                RecallTrial.widen(model, sizes.textWidth);
                StudyTraining.train(model, task, StudyTraining.config(sizes.textSteps, TEXT_RATE, 0));
                model.eval();
                losses.put(arm, task.losses(model));
            }
        }
        return losses;
    }

    /** A convolution of three taps, then {@code arm}, each with its MLP. */
    private static ZoologyModel textModel(String arm, Sizes sizes) {
        int width = sizes.textWidth;
        return new ZoologyModel(new ZoologyModel.Config(sizes.words, width, 2, 0, true, true, 1e-5, 0), layer -> {
            if (arm.equals(ORACLE) && layer == 1) {
                return new OracleLookups(width, 1, 2);
            }
            return Mixers.build(MixerSpec.parse(layer == 0 ? RecallTrial.FIRST_LAYER : arm),
                    MixerConfig.of(width, 1).atLayer(layer, 2).withLength(sizes.textLength));
        });
    }

    private static Table gridTable(Map<Cell, RecallTrial.Outcome> grid, Sizes sizes) {
        List<String> columns = new ArrayList<>(List.of("layer 2", "width"));
        for (int[] load : sizes.loads) {
            columns.add("N = " + load[0] + ", " + load[1] + " pairs");
        }
        List<List<Object>> rows = new ArrayList<>();
        for (String arm : sizes.arms) {
            for (int width : sizes.widths) {
                List<Object> row = new ArrayList<>(List.of(arm, width));
                for (int[] load : sizes.loads) {
                    row.add(grid.get(new Cell(arm, width, load[0], load[1])).accuracy());
                }
                rows.add(row);
            }
        }
        return new Table("Accuracy by width and pairs", columns, rows);
    }

    private static Table textTable(Map<String, RecallText.Losses> text) {
        List<List<Object>> rows = new ArrayList<>();
        text.forEach((arm, losses) -> rows.add(List.of(arm, Math.exp(losses.all()), Math.exp(losses.hits()),
                losses.hitCount(), Math.exp(losses.others()), losses.otherCount())));
        return new Table(
                "Perplexity of words, after the convolution (the paper: attention 9.44, 1.98 and 10.62; a long"
                        + " convolution"
                + " 13.13, 13.27 and 13.12)", List.of("layer 2", "all", "at hits", "hits", "elsewhere", "other words"),
                rows);
    }

    private static Report verdict(Report.Builder report, Sizes sizes, Map<Cell, RecallTrial.Outcome> grid,
                                  Map<String, RecallText.Losses> text) {
        double attention = sizes.arms.contains(ATTENTION) ? least(grid, ATTENTION) : 0;
        List<String> gated = sizes.arms.stream().filter(GATED::contains).toList();
        long falling = gated.stream().filter(arm -> falls(grid, sizes, arm)).count();
        long rising = gated.stream().filter(arm -> rises(grid, sizes, arm)).count();
        double closed = closed(grid);
        double gapAtHits = text.get(CONVOLUTION).hits() - text.get(ATTENTION).hits();
        double gapElsewhere = text.get(CONVOLUTION).others() - text.get(ATTENTION).others();
        int held = (attention >= SOLVED ? 1 : 0) + (falling == gated.size() ? 1 : 0) + (rising == gated.size() ? 1 : 0)
                + (closed >= CLOSED ? 1 : 0) + (gapAtHits > gapElsewhere ? 1 : 0);
        String reason = String.format(Locale.ROOT,
                "attention recalls at least %.3f at every width (0.99 wanted); of %d gated mixers"
                + " %d fall with the pairs and %d rise with the width; a layer of sparse lookups closes at least"
                + " %.0f%% of the gap"
                + " (90%% wanted); on words the convolution is %+.3f nats behind at hits and %+.3f elsewhere (more at"
                + " hits wanted)",
                attention, gated.size(), falling, rising, 100 * closed, gapAtHits, gapElsewhere);
        return report.verdict(held == 5 ? Verdict.Outcome.REPRODUCED : held > 0 ? Verdict.Outcome.PARTLY
                : Verdict.Outcome.NOT_REPRODUCED, reason);
    }

    private static double least(Map<Cell, RecallTrial.Outcome> grid, String arm) {
        return grid.entrySet().stream().filter(entry -> entry.getKey().arm.equals(arm))
                .mapToDouble(entry -> entry.getValue().accuracy()).min().orElseThrow();
    }

    /** Whether accuracy falls from the lightest load to the heaviest at every width. */
    private static boolean falls(Map<Cell, RecallTrial.Outcome> grid, Sizes sizes, String arm) {
        int[] light = sizes.loads[0];
        int[] heavy = sizes.loads[sizes.loads.length - 1];
        for (int width : sizes.widths) {
            if (accuracy(grid, arm, width, heavy) >= accuracy(grid, arm, width, light)) {
                return false;
            }
        }
        return true;
    }

    /** Whether accuracy rises from the least width to the largest at every load. */
    private static boolean rises(Map<Cell, RecallTrial.Outcome> grid, Sizes sizes, String arm) {
        for (int[] load : sizes.loads) {
            if (accuracy(grid, arm, sizes.widths[sizes.widths.length - 1], load) <= accuracy(grid, arm, sizes.widths[0],
                    load)) {
                return false;
            }
        }
        return true;
    }

    /** The least share of the gap between convolution and attention that lookups close, where there is a gap. */
    private static double closed(Map<Cell, RecallTrial.Outcome> grid) {
        return grid.keySet().stream().filter(cell -> cell.arm.equals(LOOKUPS)).map(cell -> {
            double without = grid.get(new Cell(CONVOLUTION, cell.width, cell.length, cell.pairs)).accuracy();
            double attention = grid.get(new Cell(ATTENTION, cell.width, cell.length, cell.pairs)).accuracy();
            return attention <= without ? Optional.<Double>empty()
                    : Optional.of((grid.get(cell).accuracy() - without) / (attention - without));
        }).flatMap(Optional::stream).mapToDouble(Double::doubleValue).min().orElse(0);
    }

    private static double accuracy(Map<Cell, RecallTrial.Outcome> grid, String arm, int width, int[] load) {
        return grid.get(new Cell(arm, width, load[0], load[1])).accuracy();
    }
}
