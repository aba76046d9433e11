package io.heed.sequence.lightning;

import java.util.ArrayList;
import java.util.Arrays;
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
import io.heed.data.CharacterVocabulary;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.WordNet;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.ParameterBudget;
import io.heed.sequence.StudyTraining;
import io.heed.sequence.TextTask;
import io.heed.tensor.Seeds;

/**
 * Constant speed: tokens per second of the blocked kernel, of causal linear attention by running sums, of the dense
 * masked product and of softmax attention over the sequence length, at 16k tokens in all. Quality: a character model
 * with decay, without decay and with softmax attention, equally large.
 */
final class LightningStudy implements Study {
    private static final List<String> ARMS = List.of("lightning-attention", "lightning-attention:decay=false",
            "softmax");
    /** How much the blocked kernel's speed may vary over the length, as a share of the lowest. */
    private static final double STEADY = 0.15;
    /** How much the quadratic forms must fall from 1k to 16k. */
    private static final double FALL = 4;
    /** How much the blocked kernel must be ahead of running sums. */
    private static final double AHEAD = 2;
    /** Nats by which the model may be behind softmax attention. */
    private static final double LEVEL = 0.1;

    @Override
    public List<Claim> claims() {
        return LightningSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Report.Builder report = Report.of("lightning-attention", budget).claims(claims());
        List<SpeedArms.Row> rows = new ArrayList<>();
        int[] lengths = SpeedArms.LENGTHS;
        for (int i = 0; i < lengths.length; i++) {
            progress.update(0.4 * i / lengths.length, "speed at length " + lengths[i]);
            rows.add(SpeedArms.measure(lengths[i], budget == Budget.QUICK ? 3 : 7));
        }
        report.table(speedTable(rows)).plot(speedPlot(rows)).table(scratchTable());
        progress.update(0.4, "block sizes");
        report.table(blockTable(SpeedArms.blockSizes(budget == Budget.QUICK ? 5 : 11)));
        Map<String, Double> losses = quality(budget, progress);
        report.table(lossTable(losses));
        report.note("Speed: 16,384 tokens in all, 4 heads of 64, float32. Running sums and the dense product are timed"
                + " forward"
                + " only; their backward passes would keep gigabytes.");
        report.note("Quality: characters of WordNet's glosses, equal parameters (the MLPs make up for the gate), rate"
                + " 2e-3. The"
                + " paper's models have 1B and 3B parameters.");
        return verdict(report, rows, losses);
    }

    private static Report verdict(Report.Builder report, List<SpeedArms.Row> rows, Map<String, Double> losses) {
        double fastest = rows.stream().mapToDouble(row -> row.blockedBoth()).max().orElseThrow();
        double slowest = rows.stream().mapToDouble(row -> row.blockedBoth()).min().orElseThrow();
        double variation = fastest / slowest - 1;
        SpeedArms.Row at1k = rows.stream().filter(row -> row.length() == 1024).findFirst().orElseThrow();
        SpeedArms.Row at16k = rows.getLast();
        double denseFall = at1k.dense() / at16k.dense();
        double softmaxFall = at1k.softmaxBoth() / at16k.softmaxBoth();
        double ahead = rows.stream().filter(row -> row.length() >= 1024)
                .mapToDouble(row -> row.blocked() / row.runningSum()).min().orElseThrow();
        boolean steady = variation < STEADY;
        boolean falls = denseFall >= FALL && softmaxFall >= FALL;
        double decay = losses.get(ARMS.get(0));
        double none = losses.get(ARMS.get(1));
        double softmax = losses.get(ARMS.get(2));
        boolean[] held = {steady, falls, ahead >= AHEAD, decay < none, decay - softmax <= LEVEL};
        int count = 0;
        for (boolean one : held) {
            count += one ? 1 : 0;
        }
        String reason = String.format(Locale.ROOT,
                "forward and backward speed varies by %.1f%% from %d to %d tokens (steady below"
                + " %.0f%%); from 1k to 16k the dense product falls %.1fx and softmax attention %.1fx (at least %.0fx"
                + " wanted); the"
                + " blocked kernel is at least %.1fx as fast as running sums (%.0fx wanted); validation loss %.3f with"
                + " decay, %.3f"
                + " without, %.3f with softmax attention (at most %.1f behind)", 100 * variation, rows.getFirst()
                .length(),
                at16k.length(), 100 * STEADY, denseFall, softmaxFall, FALL, ahead, AHEAD, decay, none, softmax, LEVEL);
        return report.verdict(count == held.length ? Verdict.Outcome.REPRODUCED
                : count > 0 ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }

    private static Map<String, Double> quality(Budget budget, Progress progress) {
        boolean quick = budget == Budget.QUICK;
        int length = 256;
        TextCorpus glosses = WordNet.glosses();
        TextTask task = new TextTask(new TextData(glosses, CharacterVocabulary.of(glosses.train()), length),
                quick ? 8 : 16,
                quick ? 64 : 256);
        LanguageModelConfig softmax = new LanguageModelConfig(task.data().vocabularySize(), true,
                BackboneConfig.of("softmax", 96, 3, length));
        ParameterBudget size = ParameterBudget.of(softmax);
        int seeds = quick ? 1 : 2;
        Map<String, Double> losses = new LinkedHashMap<>();
        for (int arm = 0; arm < ARMS.size(); arm++) {
            double sum = 0;
            for (int seed = 0; seed < seeds; seed++) {
                progress.update(0.45 + 0.55 * (arm * seeds + seed) / (ARMS.size() * seeds), "text with "
                        + ARMS.get(arm));
                LanguageModelConfig config = size.fit(softmax.withBackbone(softmax.backbone()
                        .withMixers(BackboneConfig.of(ARMS.get(arm), 96, 3, length).mixers())));
                try (PointerScope _ = new PointerScope()) {
                    Seeds.seedTorch(seed, "weights", 0);
                    sum += StudyTraining.train(new LanguageModel(config), task,
                            StudyTraining.config(quick ? 300 : 2000, 2e-3, seed)).loss();
                }
            }
            losses.put(ARMS.get(arm), sum / seeds);
        }
        return losses;
    }

    private static Table speedTable(List<SpeedArms.Row> rows) {
        List<List<Object>> cells = new ArrayList<>();
        rows.forEach(row -> cells.add(List.of(row.length(), row.blocked(), row.blockedBoth(), row.runningSum(),
                row.dense(),
                row.softmax(), row.softmaxBoth())));
        return new Table("Tokens/s over the length", List.of("length", "blocked", "blocked, with backward",
                "running sums",
                "dense product", "softmax", "softmax, with backward"), cells);
    }

    private static Plot speedPlot(List<SpeedArms.Row> rows) {
        double[] length = rows.stream().mapToDouble(SpeedArms.Row::length).toArray();
        return new Plot("Speed over the length", "tokens in a sequence", "tokens/s", List.of(
                new Plot.Series("blocked, with backward", length, rows.stream().mapToDouble(SpeedArms.Row::blockedBoth)
                .toArray()),
                new Plot.Series("running sums", length, rows.stream().mapToDouble(SpeedArms.Row::runningSum).toArray()),
                new Plot.Series("dense product", length, rows.stream().mapToDouble(SpeedArms.Row::dense).toArray()),
                new Plot.Series("softmax, with backward", length,
                        rows.stream().mapToDouble(SpeedArms.Row::softmaxBoth).toArray())));
    }

    /** What each form keeps besides inputs and outputs, by its algorithm. */
    private static Table scratchTable() {
        List<List<Object>> cells = new ArrayList<>();
        for (int length : SpeedArms.LENGTHS) {
            cells.add(List.of(length, SpeedArms.blockedScratch(), SpeedArms.runningSumScratch(length),
                    SpeedArms.denseScratch(length)));
        }
        return new Table("Scratch of one head in the forward pass, bytes, by the algorithm",
                List.of("length", "blocked", "running sums", "dense product"), cells);
    }

    private static Table blockTable(Map<Integer, Double> speeds) {
        List<List<Object>> cells = new ArrayList<>();
        double best = speeds.values().stream().mapToDouble(Double::doubleValue).max().orElseThrow();
        speeds.forEach((block, speed) -> cells.add(Arrays.asList(block, speed, speed / best)));
        return new Table("Block size at 4096 tokens, forward", List.of("block", "tokens/s", "of the best"), cells);
    }

    private static Table lossTable(Map<String, Double> losses) {
        List<List<Object>> cells = new ArrayList<>();
        losses.forEach((arm, loss) -> cells.add(List.of(arm, loss, loss / Math.log(2))));
        return new Table("Characters of WordNet's glosses", List.of("mixer", "validation loss", "bits per character"),
                cells);
    }
}
