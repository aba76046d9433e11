package io.heed.sequence.flowformer;

import java.util.ArrayList;
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
import io.heed.sequence.MixerSpec;
import io.heed.sequence.PartOfSpeechTask;
import io.heed.sequence.SequenceClassifier;
import io.heed.sequence.StudyTraining;
import io.heed.sequence.TextTask;
import io.heed.tensor.Seeds;
import io.heed.train.Evaluation;

/**
 * Flow attention against linear attention with elu + 1 and with the same sigmoid map but a denominator only, softmax
 * attention, and itself without competition or allocation: classifying text, both directions, and predicting text,
 * causally. Then what competition does to the attention matrix, and time over the length.
 */
final class FlowStudy implements Study {
    private static final Map<String, String> ARMS = arms();
    private static final int WIDTH = 64;
    private static final int LAYERS = 2;
    private static final int HEADS = 4;
    /** The exponent of time over length that counts as linear. */
    private static final double LEAST_SLOPE = 0.9;
    private static final double GREATEST_SLOPE = 1.1;

    /** One arm's results, means over the seeds. */
    private record Result(double accuracy, double loss, FlowStatistics statistics) { }

    private static Map<String, String> arms() {
        Map<String, String> arms = new LinkedHashMap<>();
        arms.put("flow", "flowformer");
        arms.put("linear elu+1", "flowformer:features=elu,competition=false,allocation=false");
        arms.put("linear sigmoid", "flowformer:competition=false,allocation=false");
        arms.put("no competition", "flowformer:competition=false");
        arms.put("no allocation", "flowformer:allocation=false");
        arms.put("softmax", "softmax:positions=none");
        return arms;
    }

    @Override
    public List<Claim> claims() {
        return FlowSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Report.Builder report = Report.of("flowformer", budget).claims(claims());
        boolean quick = budget == Budget.QUICK;
        int seeds = quick ? 1 : 3;
        PartOfSpeechTask classification = new PartOfSpeechTask(64, quick ? 32 : 64, quick ? 1024 : 4096);
        TextCorpus glosses = WordNet.glosses();
        TextTask text = new TextTask(new TextData(glosses, CharacterVocabulary.of(glosses.train()), 128), quick
                ? 12 : 16,
                quick ? 64 : 256);
        Map<String, Result> results = new LinkedHashMap<>();
        int done = 0;
        for (Map.Entry<String, String> arm : ARMS.entrySet()) {
            progress.update(0.9 * done++ / ARMS.size(), arm.getKey());
            results.put(arm.getKey(), train(arm.getValue(), classification, text, quick ? 200 : 1500, seeds));
        }
        progress.update(0.9, "time over the length");
        List<FlowSpeed.Row> speeds = FlowSpeed.measure(quick ? 3 : 7);
        report.table(table(results)).table(speedTable(speeds)).plot(speedPlot(speeds));
        report.note("Classification: the part of speech of a word from 64 characters of its gloss, four equally"
                + " frequent classes, in"
                + " place of the paper's five areas. Text: glosses by characters, causally. " + WIDTH + " wide, "
                + LAYERS
                + " layers, " + HEADS + " heads, sinusoidal positions in every arm, rate 2e-3.");
        report.note("Entropy: of the rows of the implied attention matrix, in nats, each row over its sum. Spread:"
                + " of what each key"
                + " gives to all queries, standard deviation over mean. Both of the trained classifiers, first"
                + " layer, on random inputs.");
        return verdict(report, results, speeds);
    }

    private static Result train(String mixer, PartOfSpeechTask classification, TextTask text, int steps, int seeds) {
        double accuracy = 0;
        double loss = 0;
        FlowStatistics statistics = null;
        for (int seed = 0; seed < seeds; seed++) {
            try (PointerScope _ = new PointerScope()) {
                Seeds.seedTorch(seed, "weights", 0);
                SequenceClassifier classifier = new SequenceClassifier(classification.vocabularySize(),
                        classification.classes(),
                        backbone(mixer, classification.length(), false));
                Evaluation evaluation = StudyTraining.train(classifier, classification, StudyTraining.config(steps,
                        2e-3, seed));
                accuracy += evaluation.value() / seeds;
                statistics = FlowStatistics.of(classifier.backbone());
                Seeds.seedTorch(seed, "weights", 1);
                LanguageModel model = new LanguageModel(new LanguageModelConfig(text.data().vocabularySize(), true,
                        backbone(mixer, text.data().length(), true)));
                loss += StudyTraining.train(model, text, StudyTraining.config(steps, 2e-3, seed)).loss() / seeds;
            }
        }
        return new Result(accuracy, loss, statistics);
    }

    private static BackboneConfig backbone(String mixer, long length, boolean causal) {
        return new BackboneConfig(WIDTH, LAYERS, HEADS, HEADS, length, 4 * WIDTH, BackboneConfig.NormKind.LAYER_NORM,
                BackboneConfig.MlpKind.GELU, 0, causal, List.of(MixerSpec.parse(mixer)));
    }

    private static Report verdict(Report.Builder report, Map<String, Result> results, List<FlowSpeed.Row> speeds) {
        Result flow = results.get("flow");
        int ahead = 0;
        int compared = 0;
        List<String> lost = new ArrayList<>();
        for (String arm : List.of("linear elu+1", "linear sigmoid", "no competition", "no allocation")) {
            Result other = results.get(arm);
            compared += 2;
            ahead += (flow.accuracy > other.accuracy ? 1 : 0) + (flow.loss < other.loss ? 1 : 0);
            if (flow.accuracy <= other.accuracy) {
                lost.add(arm + " in accuracy");
            }
            if (flow.loss >= other.loss) {
                lost.add(arm + " in loss");
            }
        }
        double slope = FlowSpeed.slope(speeds, FlowSpeed.Row::flow);
        double causalSlope = FlowSpeed.slope(speeds, FlowSpeed.Row::causalFlow);
        boolean linear = slope >= LEAST_SLOPE && slope <= GREATEST_SLOPE && causalSlope >= LEAST_SLOPE
                && causalSlope <= GREATEST_SLOPE;
        String reason = String.format(Locale.ROOT,
                "flow attention is ahead in %d of %d comparisons with linear attention and its"
                + " own ablations%s: accuracy %.3f against %.3f (elu+1), %.3f (sigmoid), %.3f and %.3f without"
                + " competition and"
                + " allocation, softmax %.3f; loss %.3f against %.3f, %.3f, %.3f, %.3f, softmax %.3f; time grows"
                + " with length to the"
                + " %.2f, causally to the %.2f (linear within %.1f to %.1f), softmax attention's to the %.2f", ahead,
                compared,
                lost.isEmpty() ? "" : " (not of " + String.join(", ", lost) + ")", flow.accuracy,
                results.get("linear elu+1").accuracy, results.get("linear sigmoid").accuracy,
                results.get("no competition").accuracy, results.get("no allocation").accuracy,
                        results.get("softmax").accuracy,
                flow.loss, results.get("linear elu+1").loss, results.get("linear sigmoid").loss,
                results.get("no competition").loss, results.get("no allocation").loss, results.get("softmax").loss,
                        slope,
                causalSlope, LEAST_SLOPE, GREATEST_SLOPE, FlowSpeed.slope(speeds, FlowSpeed.Row::softmax));
        return report.verdict(ahead == compared && linear ? Verdict.Outcome.REPRODUCED
                : ahead > compared / 2 || linear ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }

    private static Table table(Map<String, Result> results) {
        List<List<Object>> rows = new ArrayList<>();
        results.forEach((arm, result) -> rows.add(List.of(arm, result.accuracy, result.loss,
                result.statistics == null ? "" : result.statistics.entropy(),
                result.statistics == null ? "" : result.statistics.spread())));
        return new Table("Classification and text", List.of("attention", "accuracy", "loss of text, nats",
                "entropy of a row, nats", "spread of what keys give"), rows);
    }

    private static Table speedTable(List<FlowSpeed.Row> speeds) {
        List<List<Object>> rows = new ArrayList<>();
        speeds.forEach(row -> rows.add(List.of(row.length(), 1e3 * row.flow(), 1e3 * row.causalFlow(),
                1e3 * row.softmax())));
        return new Table("Forward, ms", List.of("length", "flow", "flow, causal", "softmax"), rows);
    }

    private static Plot speedPlot(List<FlowSpeed.Row> speeds) {
        double[] length = speeds.stream().mapToDouble(FlowSpeed.Row::length).toArray();
        return new Plot("Time over the length", "tokens", "ms", List.of(
                new Plot.Series("flow", length, speeds.stream().mapToDouble(row -> 1e3 * row.flow()).toArray()),
                new Plot.Series("flow, causal", length, speeds.stream().mapToDouble(row ->
                        1e3 * row.causalFlow()).toArray()),
                new Plot.Series("softmax", length, speeds.stream().mapToDouble(row -> 1e3 * row.softmax()).toArray())));
    }
}
