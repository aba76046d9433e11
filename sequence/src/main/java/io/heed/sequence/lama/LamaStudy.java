package io.heed.sequence.lama;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongFunction;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.WordNet;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.train.Evaluation;

/** Telling the topics of WordNet's glosses with one encoder and seven ways to make a document of its states. */
final class LamaStudy implements Study {
    private static final int GRU = 64;
    private static final int WIDTH = 2 * GRU;
    private static final int HEADS = 8;
    private static final double RATE = 2e-3;
    private static final String LAMA = "LAMA";
    private static final String MEAN_CONTEXT = "LAMA+ctx";
    private static final String ADDITIVE = "additive attention";
    private static final String STRUCTURED = "structured self-attention, da 64";
    private static final String TRANSFORMER = "transformer layer";
    private static final int[] LENGTHS = {32, 128, 512};
    /** Points of accuracy within which two models are level. */
    private static final double LEVEL = 0.5;
    /** Growth of time from T = 128 to 512 up to which it counts as linear: 4, and some room for the clock. */
    private static final double LINEAR = 6;

    private record Arm(double accuracy, double loss, long parameters, double diversity, double[] millis) { }

    @Override
    public List<Claim> claims() {
        return LamaSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        boolean quick = budget == Budget.QUICK;
        Report.Builder report = Report.of("low-rank-attention", budget).claims(claims());
        GlossTopics data = new GlossTopics(quick ? 15_000 : Integer.MAX_VALUE);
        int steps = (quick ? 2 : 4) * data.size() / TopicTask.BATCH;
        int seeds = quick ? 1 : 2;
        Map<String, Arm> arms = new LinkedHashMap<>();
        Map<String, LongFunction<Pooling>> poolings = poolings();
        for (Map.Entry<String, LongFunction<Pooling>> one : poolings.entrySet()) {
            progress.update((double) arms.size() / poolings.size(), one.getKey());
            arms.put(one.getKey(), arm(one.getValue(), data, steps, seeds, quick ? 2000 : 6000));
        }
        report.table(table(arms)).plot(plot(arms));
        report.note("All arms: embeddings of 64, a GRU of 64 in each direction, " + steps + " steps of "
                + TopicTask.BATCH
                + " glosses, AdamW at " + RATE + ", " + data.size() + " training glosses of up to " + GlossTopics.WORDS
                + " words, "
                + WordNet.TOPICS + " topics, " + seeds + " seed(s).");
        report.note("Time is one forward pass of the pooling alone over 16 documents; the encoder is the same for"
                + " all.");
        return verdict(report, arms);
    }

    private static Map<String, LongFunction<Pooling>> poolings() {
        Map<String, LongFunction<Pooling>> poolings = new LinkedHashMap<>();
        poolings.put("mean", width -> new Baselines.Plain(width, Baselines.Plain.Kind.MEAN));
        poolings.put("maximum", width -> new Baselines.Plain(width, Baselines.Plain.Kind.MAX));
        poolings.put("last state", width -> new Baselines.Plain(width, Baselines.Plain.Kind.LAST));
        poolings.put(ADDITIVE, width -> new Baselines.Structured(width, width, 1, true));
        poolings.put(STRUCTURED, width -> new Baselines.Structured(width, 64, HEADS, false));
        poolings.put(TRANSFORMER, width -> new Baselines.Transformer(width, 4));
        poolings.put(LAMA, width -> new LowRankAttention(new LowRankAttention.Options(width, HEADS, 1, true, true,
                true)));
        poolings.put(MEAN_CONTEXT, width -> new LowRankAttention(new LowRankAttention.Options(width, HEADS, 1, false,
                true, true)));
        return poolings;
    }

    private static Arm arm(LongFunction<Pooling> pooling, GlossTopics data, int steps, int seeds, int held) {
        double accuracy = 0;
        double loss = 0;
        double diversity = 0;
        long parameters = 0;
        double[] millis = new double[LENGTHS.length];
        for (int seed = 0; seed < seeds; seed++) {
            try (PointerScope _ = new PointerScope()) {
                Seeds.seedTorch(seed, "weights", 0);
                DocumentClassifier model = new DocumentClassifier(new DocumentClassifier.Options(data.vocabulary(), 64,
                        GRU, true,
                        WordNet.TOPICS, 0.1), pooling);
                TopicTask task = new TopicTask(data, held);
                Evaluation evaluation = StudyTraining.train(model, task, StudyTraining.config(steps, RATE, seed));
                accuracy += evaluation.value() / seeds;
                loss += evaluation.loss() / seeds;
                parameters = model.pooling().attentionParameters();
                diversity += likeness(model, data) / seeds;
                millis = times(model.pooling());
            }
        }
        return new Arm(100 * accuracy, loss, parameters, diversity, millis);
    }

    /** Mean cosine between two heads' attention to a document; NaN where there is one head or none. */
    private static double likeness(DocumentClassifier model, GlossTopics data) {
        model.eval();
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            GlossTopics.Batch batch = data.heldOut(64, 64).getFirst();
            Tensor attention = model.forward(batch.ids(), batch.mask()).attention();
            if (attention == null || attention.size(1) < 2) {
                return Double.NaN;
            }
            Tensor squares = attention.mul(attention).sum(new long[] {-1}, true, new ScalarTypeOptional());
            Tensor unit = attention.div(squares.sqrt());
            long m = attention.size(1);
            double sum = unit.matmul(unit.transpose(1, 2)).sum().item_double() / attention.size(0);
            return (sum - m) / (m * (m - 1));
        }
    }

    /** Milliseconds of the pooling alone, the least of some rounds, by length. */
    private static double[] times(Pooling pooling) {
        double[] millis = new double[LENGTHS.length];
        for (int i = 0; i < LENGTHS.length; i++) {
            double least = Double.POSITIVE_INFINITY;
            for (int round = 0; round < 12; round++) {
                try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                    Tensor states = torch.randn(16, LENGTHS[i], WIDTH);
                    Tensor mask = torch.ones(new long[] {16, LENGTHS[i]}, Ops.options(ScalarType.Bool));
                    long begin = System.nanoTime();
                    pooling.pool(states, mask);
                    least = Math.min(least, (System.nanoTime() - begin) / 1e6);
                }
            }
            millis[i] = least;
        }
        return millis;
    }

    private static Report verdict(Report.Builder report, Map<String, Arm> arms) {
        Map.Entry<String, Arm> best = arms.entrySet().stream()
                .max(Comparator.comparingDouble(entry -> entry.getValue().accuracy))
                .orElseThrow();
        String ours = arms.get(LAMA).accuracy >= arms.get(MEAN_CONTEXT).accuracy ? LAMA : MEAN_CONTEXT;
        Arm lama = arms.get(ours);
        long full = (long) WIDTH * WIDTH + (long) WIDTH * HEADS; // structured self-attention with da = D
        boolean level = lama.accuracy >= best.getValue().accuracy - LEVEL;
        boolean better = lama.accuracy > arms.get(ADDITIVE).accuracy;
        boolean small = 3 * lama.parameters < full;
        boolean linear = lama.millis[2] / lama.millis[1] <= LINEAR;
        int held = (level ? 1 : 0) + (better ? 1 : 0) + (small ? 1 : 0) + (linear ? 1 : 0);
        return report.verdict(held == 4 ? Verdict.Outcome.REPRODUCED : held == 0 ? Verdict.Outcome.NOT_REPRODUCED
                : Verdict.Outcome.PARTLY,
                String.format(Locale.ROOT, "%s reaches %.2f%%, the best (%s) %.2f%% (level within %.1f points:"
                + " %s), additive attention %.2f%% (beaten: %s); %d attention parameters against %d of structured"
                + " self-attention with"
                + " da = D (below a third: %s); four times the words take %.1f times as long (linear up to %.0f: %s),"
                + " the transformer"
                + " layer %.1f times", ours, lama.accuracy, best.getKey(), best.getValue().accuracy, LEVEL, yes(level),
                arms.get(ADDITIVE).accuracy, yes(better), lama.parameters, full, yes(small),
                lama.millis[2] / lama.millis[1], LINEAR,
                yes(linear), arms.get(TRANSFORMER).millis[2] / arms.get(TRANSFORMER).millis[1]));
    }

    private static String yes(boolean held) {
        return held ? "yes" : "no";
    }

    private static Table table(Map<String, Arm> arms) {
        List<List<Object>> rows = new ArrayList<>();
        arms.forEach((name, arm) -> {
            List<Object> row = new ArrayList<>(List.of(name, arm.accuracy, arm.loss, arm.parameters));
            row.add(Double.isNaN(arm.diversity) ? null : arm.diversity);
            for (double one : arm.millis) {
                row.add(one);
            }
            rows.add(row);
        });
        return new Table("Topics of glosses", List.of("pooling", "accuracy %", "loss", "attention parameters",
                "cosine of two heads",
                "ms at T = 32", "ms at T = 128", "ms at T = 512"), rows);
    }

    private static Plot plot(Map<String, Arm> arms) {
        double[] lengths = {32, 128, 512};
        return new Plot("Time of the pooling", "words", "milliseconds", arms.entrySet().stream()
                .filter(entry -> List.of(LAMA, MEAN_CONTEXT, STRUCTURED, TRANSFORMER).contains(entry.getKey()))
                .map(entry -> new Plot.Series(entry.getKey(), lengths, entry.getValue().millis)).toList());
    }
}
