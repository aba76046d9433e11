package io.heed.sequence.cab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongFunction;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;

import io.heed.data.CharacterVocabulary;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.WordNet;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.ParameterBudget;
import io.heed.sequence.PartOfSpeechTask;
import io.heed.sequence.Pattern;
import io.heed.sequence.RecallTrial;
import io.heed.sequence.SequenceClassifier;
import io.heed.sequence.StudyTraining;
import io.heed.sequence.TextTask;
import io.heed.tensor.Seeds;
import io.heed.train.Evaluation;
import io.heed.train.Task;

/**
 * Trains one mixer on the task of a pattern. Everything but the attention of that pattern is the same for all mixers,
 * MLPs included: the benchmark's rule is that the attention alone is replaced.
 */
final class PatternRuns {
    private static final double RATE = 3e-3;
    private static final int LAYERS = 2;

    /**
     * How much is trained.
     *
     * @param length N of the texts
     * @param width  D
     * @param batch  sequences a step
     * @param steps  of a run on a self pattern
     * @param seeds  runs
     */
    record Sizes(int length, int width, int batch, int steps, int seeds) {
        /** Few mixers serve the cross patterns, so there is time for more. */
        int steps(Pattern pattern) {
            return pattern.isCross() ? 2 * steps : steps;
        }

        /** Characters that are written backwards. */
        int reversed() {
            return Math.max(8, length / 4);
        }
    }

    /**
     * What a mixer reached.
     *
     * @param metrics as {@link #signs} orders them, mean over seeds
     * @param error   standard error of the first metric over seeds, 0 for one
     */
    record Result(double[] metrics, double error) { }

    private final Sizes sizes;
    private final TextCorpus corpus = WordNet.glosses();
    private final CharacterVocabulary vocabulary = CharacterVocabulary.of(corpus.train());
    private final TextData text;
    private final TextData shortText;
    private final PartOfSpeechTask classes;

    PatternRuns(Sizes sizes) {
        this.sizes = sizes;
        text = new TextData(corpus, vocabulary, sizes.length);
        classes = new PartOfSpeechTask(sizes.length, 2 * sizes.batch, 256);
        shortText = new TextData(corpus, vocabulary, sizes.reversed());
    }

    /** N of the texts. */
    int length() {
        return sizes.length;
    }

    /** The training in one sentence. */
    String describe() {
        return LAYERS + " layers, D = " + sizes.width + ", texts of " + sizes.length + ", " + sizes.steps
                + " steps (twice as"
                + " many for NC and CC) of " + sizes.batch + " texts or more at a rate of " + RATE
                        + ", " + sizes.seeds + " seed(s).";
    }

    /** What is measured, by pattern. */
    static List<String> metrics(Pattern pattern) {
        return switch (pattern) {
            case NONCAUSAL_SELF -> List.of("NS perplexity", "NS accuracy");
            case CAUSAL_SELF -> List.of("CS perplexity");
            case NONCAUSAL_CROSS -> List.of("NC chamfer", "NC chamfer squared", "NC f-score");
            case CAUSAL_CROSS -> List.of("CC perplexity", "CC accuracy");
        };
    }

    /** 1 where higher is better, -1 where lower is. */
    static double[] signs(Pattern pattern) {
        return switch (pattern) {
            case NONCAUSAL_SELF, CAUSAL_CROSS -> new double[] {-1, 1};
            case CAUSAL_SELF -> new double[] {-1};
            case NONCAUSAL_CROSS -> new double[] {-1, -1, 1};
        };
    }

    /** Metrics of each task: non-causal self-attention has two tasks, the others one. */
    static int[] tasks(Pattern pattern) {
        return pattern == Pattern.NONCAUSAL_SELF ? new int[] {1, 1} : new int[] {signs(pattern).length};
    }

    /**
     * Trains {@code mixer} on the task of {@code pattern}.
     *
     * @param mixer a mixer as users write it; null, for cross patterns, is the ablation without cross-attention
     */
    Result run(Pattern pattern, String mixer) {
        return switch (pattern) {
            case NONCAUSAL_SELF -> {
                MaskedTask masked = new MaskedTask(text, sizes.batch);
                Result filled = train(pattern, masked, _ ->
                        new LanguageModel(config(mixer, masked.vocabulary(), false)));
                Result classified = train(pattern, classes, _ -> new SequenceClassifier(classes.vocabularySize(),
                        classes.classes(), config(mixer, 1, false).backbone()));
                yield new Result(new double[] {filled.metrics[0], classified.metrics[0]}, filled.error);
            }
            case CAUSAL_SELF -> train(pattern, causalText(sizes.length),
                    _ -> new LanguageModel(config(mixer, vocabulary.size(), true)));
            case NONCAUSAL_CROSS ->
                    train(pattern, new CompletionTask(), _ -> new CompletionTask.Completer(mixer, sizes.width),
                    "squared", "f-score");
            case CAUSAL_CROSS -> train(pattern, new ReversalTask(shortText, 4 * sizes.batch),
                    _ -> new ReversalTask.Transducer(mixer, vocabulary.size(), sizes.width, sizes.reversed()),
                            "accuracy");
        };
    }

    private TextTask causalText(int length) {
        TextData data = length == sizes.length ? text : new TextData(corpus, vocabulary, length);
        return new TextTask(data, sizes.batch, 48 * sizes.length / length);
    }

    /** Perplexities of a causal model trained at N on texts of N / 2, N and 2 N. */
    double[] contexts(String mixer) {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(0, "weights", 0);
            LanguageModel model = new LanguageModel(config(mixer, vocabulary.size(), true));
            RecallTrial.widen(model);
            StudyTraining.train(model, causalText(sizes.length), StudyTraining.config(sizes.steps, RATE, 0));
            double[] perplexities = new double[3];
            for (int i = 0; i < perplexities.length; i++) {
                perplexities[i] = Math.exp(StudyTraining.evaluate(model, causalText(sizes.length * (1 << i) / 2))
                        .loss());
            }
            return perplexities;
        }
    }

    /** Parameters of the causal (or not) text model with {@code mixer}, over those with softmax attention. */
    double parameterShare(String mixer, boolean causal) {
        Seeds.seedTorch(0, "weights", 0);
        return ParameterBudget.count(config(mixer, vocabulary.size(), causal))
                / (double) ParameterBudget.count(config("softmax", vocabulary.size(), causal));
    }

    private LanguageModelConfig config(String mixer, int symbols, boolean causal) {
        BackboneConfig standard = BackboneConfig.of("softmax", sizes.width, LAYERS, sizes.length);
        BackboneConfig backbone =
                new BackboneConfig(sizes.width, LAYERS, standard.heads(), standard.heads(), sizes.length,
                standard.hidden(), standard.norm(), standard.mlp(), 0, causal, List.of(MixerSpec.parse(mixer)));
        return new LanguageModelConfig(symbols, true, backbone);
    }

    private <M extends Module> Result train(Pattern pattern, Task<M> task, LongFunction<M> model, String... further) {
        double[] sums = new double[1 + further.length];
        List<Double> first = new ArrayList<>();
        for (int seed = 0; seed < sizes.seeds; seed++) {
            try (PointerScope _ = new PointerScope()) {
                Seeds.seedTorch(seed, "weights", 0);
                M fresh = model.apply(seed);
                RecallTrial.widen(fresh, sizes.width);
                Evaluation end = StudyTraining.train(fresh, task,
                        StudyTraining.config(sizes.steps(pattern), RATE, seed));
                double value = task.id().equals("text") ? Math.exp(end.loss()) : end.value();
                first.add(value);
                sums[0] += value;
                for (int i = 0; i < further.length; i++) {
                    sums[i + 1] += end.further().getOrDefault(further[i], Double.NaN);
                }
            }
        }
        double[] means = Arrays.stream(sums).map(sum -> sum / sizes.seeds).toArray();
        double variance = first.stream().mapToDouble(value -> Math.pow(value - means[0], 2)).sum();
        return new Result(means, sizes.seeds < 2 ? 0 : Math.sqrt(variance / (sizes.seeds - 1) / sizes.seeds));
    }
}
