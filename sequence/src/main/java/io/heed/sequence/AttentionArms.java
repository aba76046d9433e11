package io.heed.sequence;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;

import io.heed.catalog.Budget;
import io.heed.catalog.Progress;
import io.heed.catalog.Table;
import io.heed.data.CharacterVocabulary;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.WordNet;
import io.heed.tensor.Seeds;

/**
 * Kinds of attention side by side in small models that differ in nothing else: recall of pairs from far away, then
 * characters of text. Every arm has the same data, steps, rate and initial draws, and, as far as its mixer has no order
 * of its own, the same sinusoidal positions. Weights start as large as is usual for narrow models
 * ({@link RecallTrial#widen}).
 *
 * <p>Recall ({@link PairRecall}) takes one layer without an MLP, so that what is measured is what the layer can reach;
 * chance is one of the values. Text takes two layers with MLPs.
 *
 * @param arms  mixers in their written form, by name
 * @param sizes of one budget
 */
public record AttentionArms(Map<String, String> arms, Sizes sizes) {
    private static final int WIDTH = 64;
    private static final int HEADS = 4;

    /**
     * Sizes.
     *
     * @param recall      examples of pairs
     * @param recallWidth D of the models that recall
     * @param recallSteps training steps of 16 examples
     * @param textLength  characters of a window
     * @param textSteps   training steps of 8 windows
     * @param textWindows validation windows
     * @param seeds       runs, of which the mean counts
     */
    public record Sizes(PairRecall recall, int recallWidth, int recallSteps, int textLength, int textSteps,
                        int textWindows, int seeds) {
        /** The sizes of a budget. */
        public static Sizes of(Budget budget) {
            return budget == Budget.QUICK
                    ? new Sizes(new PairRecall(8, 8, 64, 8, 1000, 1), 32, 400, 128, 300, 64, 1)
                    : new Sizes(new PairRecall(16, 16, 128, 16, 1000, 1), 64, 2000, 256, 4000, 256, 3);
        }
    }

    /**
     * What one arm reaches.
     *
     * @param recall         share of the pairs
     * @param bits           for each character of the text
     */
    public record Result(double recall, double bits) { }

    /** Trains all arms; the progress is told from 0 to {@code end}. */
    public Map<String, Result> run(Progress progress, double end) {
        TextCorpus glosses = WordNet.glosses();
        TextTask text = new TextTask(new TextData(glosses, CharacterVocabulary.of(glosses.train()), sizes.textLength),
                8, sizes.textWindows);
        RecallTask<?> recall = new RecallTask<>(sizes.recall, 16, 256);
        Map<String, Result> results = new LinkedHashMap<>();
        arms.forEach((name, mixer) -> {
            progress.update(end * results.size() / arms.size(), name);
            double recalled = 0;
            double bits = 0;
            for (int seed = 0; seed < sizes.seeds; seed++) {
                recalled += onRecall(mixer, recall, seed) / sizes.seeds;
                bits += onText(mixer, text, seed) / sizes.seeds;
            }
            results.put(name, new Result(recalled, bits));
        });
        return results;
    }

    private double onRecall(String mixer, RecallTask<?> task, int seed) {
        BackboneConfig backbone = new BackboneConfig(sizes.recallWidth, 1, HEADS, HEADS, sizes.recall.length(), 0,
                BackboneConfig.NormKind.LAYER_NORM, BackboneConfig.MlpKind.GELU, 0, true,
                List.of(MixerSpec.parse(mixer)));
        try (PointerScope _ = new PointerScope()) {
            LanguageModel model = model(new LanguageModelConfig(sizes.recall.vocabularySize(), false, backbone), seed);
            return StudyTraining.train(model, task, StudyTraining.config(sizes.recallSteps, 1e-2, seed)).value();
        }
    }

    private double onText(String mixer, TextTask task, int seed) {
        BackboneConfig backbone = new BackboneConfig(WIDTH, 2, HEADS, HEADS, sizes.textLength, 2 * WIDTH,
                BackboneConfig.NormKind.LAYER_NORM, BackboneConfig.MlpKind.GELU, 0, true,
                List.of(MixerSpec.parse(mixer)));
        try (PointerScope _ = new PointerScope()) {
            LanguageModel model = model(new LanguageModelConfig(task.data().vocabularySize(), true, backbone), seed);
            return StudyTraining.train(model, task, StudyTraining.config(sizes.textSteps, 3e-3, seed)).value();
        }
    }

    private static LanguageModel model(LanguageModelConfig config, int seed) {
        Seeds.seedTorch(seed, "weights", 0);
        LanguageModel model = new LanguageModel(config);
        RecallTrial.widen(model);
        return model;
    }

    /** Recall and bits of every arm. */
    public Table table(Map<String, Result> results) {
        List<List<Object>> rows = new ArrayList<>();
        results.forEach((name, result) -> rows.add(List.of(name, result.recall, result.bits)));
        return new Table(String.format(Locale.ROOT,
                "Recall of %d pairs in %d tokens, and characters of WordNet's glosses",
                sizes.recall.pairs(), sizes.recall.length()),
                List.of("attention", "recall", "bits per character"), rows);
    }

    /** What was trained and for how long, for a report. */
    public String note() {
        return String.format(Locale.ROOT,
                "Recall: one layer of width %d with %d heads and no MLP, %d steps of 16 examples; a pair"
                + " is one token of the first half, its key is asked for in the second; chance is %.3f. Text: two"
                + " layers"
                + " of width %d, %d steps of 8 windows of %d characters. %d run(s) each; sinusoidal positions in every"
                + " arm.", sizes.recallWidth, HEADS, sizes.recallSteps, 1.0 / sizes.recall.values(), WIDTH,
                sizes.textSteps, sizes.textLength, sizes.seeds);
    }
}
