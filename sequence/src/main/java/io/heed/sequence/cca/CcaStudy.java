package io.heed.sequence.cca;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.CharacterVocabulary;
import io.heed.data.Mqar;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.WordNet;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.RecallTask;
import io.heed.sequence.TextTask;
import io.heed.train.Evaluation;

/**
 * A model that has learned with full attention goes on with core context aware attention, with mean-pooled cores, with
 * a window alone and with full attention: what is left of its recall and of its text model. Then time, arithmetic and
 * cache over the length.
 */
final class CcaStudy implements Study {
    private static final double AHEAD = 0.15;
    private static final double FASTER = 3;

    /** What one arm reaches, a mean over seeds. */
    private record Result(double recall, double loss) { }

    @Override
    public List<Claim> claims() {
        return CcaSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Report.Builder report = Report.of("cca-attention", budget).claims(claims());
        boolean quick = budget == Budget.QUICK;
        Map<String, Result> results = results(quick, quick ? 1 : 3, progress);
        progress.update(0.85, "speed");
        List<CcaSpeed.Row> speeds = CcaSpeed.measure(quick ? 3 : 9);
        report.table(qualityTable(results)).table(costTable(speeds)).plot(speedPlot(speeds));
        report.note("Recall: 8 pairs in 64 tokens, a gated convolution and one attention layer of width 64, groups"
                + " of 4, window 8, so"
                + " most pairs are beyond the window. Text: characters of WordNet's glosses, 256 in a window, two"
                + " attention layers of"
                + " width 64, groups of 8, window 32. Window: the same exact tokens, no cores.");
        report.note("Cost: one attention, " + CcaSpeed.CONFIG.group() + " tokens a group, window "
                + CcaSpeed.CONFIG.window()
                + ", forward, against the kernel of full causal attention. Arithmetic and cache are counted from the"
                + " definition.");
        return verdict(report, results, speeds);
    }

    private static Map<String, Result> results(boolean quick, int seeds, Progress progress) {
        RecallTask<Mqar> recall = new RecallTask<>(Mqar.of(256, 64, 8), 32, 256);
        TextCorpus glosses = WordNet.glosses();
        TextTask text = new TextTask(new TextData(glosses, CharacterVocabulary.of(glosses.train()), 256), quick ? 6
                : 16,
                quick ? 48 : 256);
        LanguageModelConfig recallShape = new LanguageModelConfig(recall.data().vocabularySize(), true,
                BackboneConfig.of("softmax", 64, 2, 64).withHidden(0));
        LanguageModelConfig textShape = new LanguageModelConfig(text.data().vocabularySize(), true,
                BackboneConfig.of("softmax", 64, 2, 256));
        List<String> names = List.of("full", "cca", "mean", "window");
        double[] accuracies = new double[names.size()];
        double[] losses = new double[names.size()];
        for (int seed = 0; seed < seeds; seed++) {
            progress.update(0.85 * seed / seeds, "recall");
            List<Evaluation> recalled = new SwappedAttention(recall, recallShape, "based:part=conv", 64, quick
                    ? 500 : 3000,
                    quick ? 150 : 1500).run(options(64, 4, 8), seed);
            progress.update(0.85 * (seed + 0.5) / seeds, "text");
            List<Evaluation> read = new SwappedAttention(text, textShape, null, 256, quick ? 300 : 3000, quick ? 75
                    : 1500)
                    .run(options(256, 8, 32), seed);
            for (int i = 0; i < accuracies.length; i++) {
                accuracies[i] += recalled.get(i).value() / seeds;
                losses[i] += read.get(i).loss() / seeds;
            }
        }
        Map<String, Result> results = new LinkedHashMap<>();
        for (int i = 0; i < accuracies.length; i++) {
            results.put(names.get(i), new Result(accuracies[i], losses[i]));
        }
        return results;
    }

    private static List<String> options(int length, int group, int window) {
        String near = ",group=" + group + ",window=" + window;
        return List.of("window=" + length, "pool=cca" + near, "pool=mean" + near, "pool=none" + near);
    }

    private static Report verdict(Report.Builder report, Map<String, Result> results, List<CcaSpeed.Row> speeds) {
        Result full = results.get("full");
        Result cca = results.get("cca");
        Result mean = results.get("mean");
        Result window = results.get("window");
        CcaSpeed.Row last = speeds.getLast();
        boolean[] held = {cca.loss < window.loss, cca.recall - window.recall >= AHEAD, cca.loss <= mean.loss,
            last.ahead() >= FASTER};
        int count = 0;
        for (boolean one : held) {
            count += one ? 1 : 0;
        }
        String reason = String.format(Locale.ROOT,
                "recall %.3f with cores against %.3f with the window alone (at least %.2f ahead"
                + " wanted), %.3f with means, %.3f with full attention; loss of text %.3f against %.3f, %.3f and"
                + " %.3f nats; forward"
                + " over %d tokens %.1fx as fast as full attention (%.0fx wanted), with %.0f%% of its arithmetic and"
                + " %.0f%% of its"
                + " cache", cca.recall, window.recall, AHEAD, mean.recall, full.recall, cca.loss, window.loss,
                mean.loss, full.loss,
                last.length(), last.ahead(), FASTER, 100 * last.ccaFlops() / last.fullFlops(), 100 * last.cacheShare());
        return report.verdict(count == held.length ? Verdict.Outcome.REPRODUCED
                : count > 0 ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }

    private static Table qualityTable(Map<String, Result> results) {
        List<List<Object>> rows = new ArrayList<>();
        results.forEach((arm, result) -> rows.add(List.of(arm, result.recall, result.loss, result.loss / Math.log(2))));
        return new Table("After going on with another attention", List.of("attention", "recall", "loss of text, nats",
                "bits per character"), rows);
    }

    private static Table costTable(List<CcaSpeed.Row> speeds) {
        List<List<Object>> rows = new ArrayList<>();
        speeds.forEach(row -> rows.add(List.of(row.length(), 1e6 * row.cca() / row.length(),
                1e6 * row.full() / row.length(),
                row.ahead(), row.ccaFlops() / row.fullFlops(), row.cacheShare())));
        return new Table("Cost over the length", List.of("length", "cca, us a token", "full, us a token",
                "times as fast",
                "share of the arithmetic", "share of the cache"), rows);
    }

    private static Plot speedPlot(List<CcaSpeed.Row> speeds) {
        double[] length = speeds.stream().mapToDouble(CcaSpeed.Row::length).toArray();
        return new Plot("Forward time over the length", "tokens", "ms", List.of(
                new Plot.Series("cca", length, speeds.stream().mapToDouble(row -> 1e3 * row.cca()).toArray()),
                new Plot.Series("full", length, speeds.stream().mapToDouble(row -> 1e3 * row.full()).toArray())));
    }
}
