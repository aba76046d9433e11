package io.heed.sequence.graphaware;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.CharacterVocabulary;
import io.heed.data.DictionaryRegisters;
import io.heed.data.Split;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.WordNet;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.ParameterBudget;
import io.heed.sequence.StudyTraining;
import io.heed.sequence.TextTask;
import io.heed.tensor.Seeds;
import io.heed.train.TrainEvent;

/**
 * Whether graph-aware attention generalises better than softmax attention at equal size, and whether Sparse-GIN
 * fine-tuning beats LoRA at equal trained parameters, in both directions of its edges.
 */
final class GraphAwareStudy implements Study {
    private static final int HEADS = 4;
    private static final double RATE = 2e-3;
    private static final int BATCH = 16;

    private static final String STANDARD = "softmax";
    private static final String GIN = "GIN, m = 0.5";
    private static final Map<String, String> ARMS = arms();

    private static final String LORA = "LoRA";
    private static final String OFFICIAL = "Sparse-GIN, official";
    private static final String CORRECTED = "Sparse-GIN, key to query";

    /** Sizes of one budget. */
    private record Sizes(int width, int layers, int length, int steps, int seeds, int windows, int graph) {
        static Sizes of(Budget budget) {
            return budget == Budget.QUICK ? new Sizes(64, 2, 64, 400, 2, 128, 16)
                    : new Sizes(128, 4, 128, 3000, 3, 512, 32);
        }
    }

    /** One arm, means over seeds at each seed's best validation step. */
    private record Arm(double validation, double gap, long parameters, double[] steps, double[] curve) { }

    /** One way of fine-tuning. */
    private record Tuned(long parameters, double validation, double offDiagonal) { }

    private static Map<String, String> arms() {
        Map<String, String> arms = new LinkedHashMap<>();
        arms.put(STANDARD, "softmax");
        arms.put(GIN, "graph-aware-attention");
        arms.put("PNA, own maximum", "pna-attention:maximum=own");
        arms.put("PNA, neighbours' maximum", "pna-attention:maximum=neighbour");
        return arms;
    }

    @Override
    public List<Claim> claims() {
        return GraphAwareSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Report.Builder report = Report.of("graph-aware-attention", budget).claims(claims());
        Sizes sizes = Sizes.of(budget);
        TextCorpus glosses = WordNet.glosses();
        CharacterVocabulary vocabulary = CharacterVocabulary.of(glosses.train());
        TextTask task = new TextTask(new TextData(glosses, vocabulary, sizes.length), BATCH, sizes.windows);
        Map<String, Arm> arms = new LinkedHashMap<>();
        for (Map.Entry<String, String> arm : ARMS.entrySet()) {
            progress.update(0.7 * arms.size() / ARMS.size(), arm.getKey());
            arms.put(arm.getKey(), train(arm.getValue(), task, sizes));
        }
        report.table(armTable(arms)).plot(curves(arms));
        progress.update(0.7, "fine-tuning");
        DictionaryRegisters registers = DictionaryRegisters.of(glosses);
        double before = Double.NaN;
        Map<String, Tuned> tuned = new LinkedHashMap<>();
        try (PointerScope _ = new PointerScope()) {
            DecoderTask source = new DecoderTask(new TextData(registers.definitions(), vocabulary, sizes.length), BATCH,
                    sizes.windows);
            DecoderTask target = new DecoderTask(new TextData(registers.examples(), vocabulary, sizes.length), BATCH,
                    sizes.windows);
            Decoder base = decoder(vocabulary.size(), sizes, Decoder.Adapter.NONE);
            StudyTraining.train(base, source, StudyTraining.config(sizes.steps, RATE, 0));
            before = StudyTraining.evaluate(base, target).loss();
            for (Map.Entry<String, Decoder.Adapter> arm : adapters(sizes).entrySet()) {
                progress.update(0.85 + 0.05 * tuned.size(), "fine-tuning, " + arm.getKey());
                tuned.put(arm.getKey(), tune(base, arm.getValue(), vocabulary.size(), target, sizes));
            }
        }
        report.table(tunedTable(tuned, before));
        report.note("Text: characters of WordNet's glosses, N = " + sizes.length + ", " + sizes.steps + " steps of "
                + BATCH
                + " windows at a peak rate of " + RATE + ", " + sizes.seeds
                + " seeds; MLP widths are fitted so that all arms"
                + " have the same parameters within 1%. The paper trains on protein sequences, which are not at hand.");
        report.note("Fine-tuning: a decoder trained on the definitions is frozen and adapted to the example sentences"
                + " in "
                + sizes.steps / 2
                + " steps. In the official direction only self edges survive, so that Sparse-GIN is an MLP of"
                + " each token by itself.");
        return verdict(report, arms, tuned, before);
    }

    private static Report verdict(Report.Builder report, Map<String, Arm> arms, Map<String, Tuned> tuned,
            double before) {
        Arm standard = arms.get(STANDARD);
        Arm gin = arms.get(GIN);
        boolean generalises = gin.gap < standard.gap && gin.validation <= standard.validation;
        double lora = tuned.get(LORA).validation;
        double official = tuned.get(OFFICIAL).validation;
        double corrected = tuned.get(CORRECTED).validation;
        boolean tunes = Math.min(official, corrected) < lora;
        String reason = String.format(Locale.ROOT,
                "GIN attention ends at a validation perplexity of %.3f with a gap of %+.4f"
                + " nats, softmax at %.3f with %+.4f; fine-tuning brings %.4f nats to %.4f by LoRA, %.4f by the"
                + " official"
                + " Sparse-GIN and %.4f with edges from key to query", Math.exp(gin.validation), gin.gap,
                Math.exp(standard.validation), standard.gap, before, lora, official, corrected);
        return report.verdict(generalises && tunes ? Verdict.Outcome.REPRODUCED : generalises || tunes
                ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }

    private static Arm train(String mixer, TextTask task, Sizes sizes) {
        double validation = 0;
        double gap = 0;
        long parameters = 0;
        List<double[]> curve = new ArrayList<>();
        for (int seed = 0; seed < sizes.seeds; seed++) {
            boolean first = seed == 0;
            double[] best = {Double.POSITIVE_INFINITY, 0};
            try (PointerScope _ = new PointerScope()) {
                LanguageModel model = model(mixer, task.data().vocabularySize(), sizes, seed);
                parameters = model.parameterCount();
                StudyTraining.train(model, task, StudyTraining.config(sizes.steps, RATE, seed)
                        .withEvery(sizes.steps / 4, 0), event -> {
                    if (event instanceof TrainEvent.Evaluated evaluated) {
                        double loss = evaluated.evaluation().loss();
                        if (first) {
                            curve.add(new double[] {evaluated.step(), loss});
                        }
                        if (loss < best[0]) {
                            best[0] = loss;
                            best[1] = loss - trainingLoss(model, task, sizes.windows);
                        }
                    }
                });
            }
            validation += best[0] / sizes.seeds;
            gap += best[1] / sizes.seeds;
        }
        return new Arm(validation, gap, parameters, curve.stream().mapToDouble(point -> point[0]).toArray(),
                curve.stream().mapToDouble(point -> point[1]).toArray());
    }

    /** Mean loss on as many windows of the training part, in evaluation mode, as an evaluation reads. */
    private static double trainingLoss(LanguageModel model, TextTask task, int windows) {
        double sum = 0;
        long stride = task.data().windows(Split.TRAIN) / windows;
        model.eval();
        try (NoGradGuard _ = new NoGradGuard()) {
            for (int i = 0; i < windows; i += BATCH) {
                try (PointerScope _ = new PointerScope()) {
                    sum += model.crossEntropy(task.data().window(Split.TRAIN, i * stride, BATCH), MixerContext.plain())
                            .item_double();
                }
            }
        } finally {
            model.train(true);
        }
        return sum / (windows / BATCH);
    }

    private static LanguageModel model(String mixer, int vocabulary, Sizes sizes, int seed) {
        Seeds.seedTorch(seed, "weights", 0);
        LanguageModelConfig config = config(mixer, vocabulary, sizes);
        return new LanguageModel(mixer.equals("softmax") ? config
                : ParameterBudget.of(config("softmax", vocabulary, sizes)).fit(config));
    }

    private static LanguageModelConfig config(String mixer, int vocabulary, Sizes sizes) {
        return new LanguageModelConfig(vocabulary, true, new BackboneConfig(sizes.width, sizes.layers, HEADS, HEADS,
                sizes.length, 4L * sizes.width, BackboneConfig.NormKind.RMS_NORM, BackboneConfig.MlpKind.SWIGLU, 0,
                true,
                List.of(MixerSpec.parse(mixer))));
    }

    private static Map<String, Decoder.Adapter> adapters(Sizes sizes) {
        Map<String, Decoder.Adapter> adapters = new LinkedHashMap<>();
        Decoder.Adapter gin = new Decoder.Adapter(SparseGinConfig.example(sizes.width, HEADS, sizes.graph,
                SparseGinConfig.EdgeDirection.OFFICIAL), 0.5, 0);
        // a low-rank update of q, k and v has 6 D numbers a rank
        long each = 2L * sizes.width * sizes.graph + 2L * sizes.graph * sizes.graph + 3L * sizes.graph + 2L
                * sizes.width;
        adapters.put(LORA, new Decoder.Adapter(null, 0, (int) Math.round(each / (6.0 * sizes.width))));
        adapters.put(OFFICIAL, gin);
        adapters.put(CORRECTED, new Decoder.Adapter(SparseGinConfig.example(sizes.width, HEADS, sizes.graph,
                SparseGinConfig.EdgeDirection.KEY_TO_QUERY), 0.5, 0));
        return adapters;
    }

    private static Decoder decoder(int vocabulary, Sizes sizes, Decoder.Adapter adapter) {
        Seeds.seedTorch(0, "weights", 0);
        GraphAwareConfig config = new GraphAwareConfig(sizes.width, HEADS, HEADS, sizes.width / HEADS, 10_000, false,
                true,
                GraphAwareConfig.Weighting.SOFTMAX, 1, ThresholdMode.NONE, 0, false, ThresholdMode.Numbers.STANDARD, 1,
                1e-5,
                0, false);
        return new Decoder(vocabulary, sizes.layers, config, 3L * sizes.width, adapter);
    }

    private static Tuned tune(Decoder base, Decoder.Adapter adapter, int vocabulary, DecoderTask target, Sizes sizes) {
        try (PointerScope _ = new PointerScope()) {
            Decoder model = decoder(vocabulary, sizes, adapter);
            model.freeze(base);
            double loss = StudyTraining.train(model, target, StudyTraining.config(sizes.steps / 2, RATE, 0)).loss();
            model.eval();
            double share = adapter.sparse() == null ? Double.NaN
                    : model.offDiagonalShare(target.data().window(Split.VALIDATION, 0, BATCH).tokens());
            return new Tuned(model.trainable(), loss, share);
        }
    }

    private static Table armTable(Map<String, Arm> arms) {
        List<List<Object>> rows = new ArrayList<>();
        arms.forEach((name, arm) -> rows.add(List.of(name, arm.parameters, Math.exp(arm.validation), arm.validation,
                arm.gap)));
        return new Table("From scratch, at the best validation step, means over seeds (paper: GIN ahead, no numbers)",
                List.of("arm", "parameters", "validation perplexity", "validation loss, nats",
                "gap to training loss, nats"),
                rows);
    }

    private static Plot curves(Map<String, Arm> arms) {
        return new Plot("Validation loss of the first seed", "step", "nats per character", arms.entrySet().stream()
                .map(arm -> new Plot.Series(arm.getKey(), arm.getValue().steps, arm.getValue().curve)).toList());
    }

    private static Table tunedTable(Map<String, Tuned> tuned, double before) {
        List<List<Object>> rows = new ArrayList<>();
        rows.add(Arrays.asList("frozen decoder", 0, before, null));
        tuned.forEach((name, arm) -> rows.add(Arrays.asList(name, arm.parameters, arm.validation,
                Double.isNaN(arm.offDiagonal) ? null : 100 * arm.offDiagonal)));
        return new Table("Fine-tuning on another register (paper: Sparse-GIN ahead of LoRA, no numbers)",
                List.of("arm", "trained parameters", "validation loss, nats", "edges of the graph to other tokens, %"),
                rows);
    }
}
