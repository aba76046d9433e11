package io.heed.cli.compare;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;

import io.heed.data.CharacterVocabulary;
import io.heed.data.Mqar;
import io.heed.data.Split;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.TextFile;
import io.heed.data.Vocabulary;
import io.heed.data.WordNet;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.BackboneState;
import io.heed.sequence.Generator;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.ParameterBudget;
import io.heed.sequence.RecallTask;
import io.heed.sequence.RecallTrial;
import io.heed.sequence.Sampling;
import io.heed.sequence.TextTask;
import io.heed.tensor.Ops;
import io.heed.train.Task;

/**
 * What all models of a comparison learn, and what they are built from.
 *
 * @param task       the task that every model trains on
 * @param about      the data in a few words
 * @param symbols    V, tokens that a model must know
 * @param vocabulary how tokens are written; empty when they are not text
 */
public record Workload(Task<LanguageModel> task, String about, int symbols, Optional<Vocabulary> vocabulary) {
    /** MQAR's pairs: one for every eighth token, as dense as the paper's easier settings. */
    private static final int TOKENS_PER_PAIR = 8;
    private static final int MQAR_SYMBOLS = 256;
    private static final String PROMPT = "a small ";
    private static final int SAMPLE = 240;
    /** Validation windows of an evaluation: enough for two digits, a few seconds for a whole comparison. */
    private static final int WINDOWS = 64;

    /**
     * Reads the data.
     *
     * @throws IllegalArgumentException in one line when the text cannot be used
     */
    public static Workload of(CompareSettings settings) {
        if (settings.task().equals("mqar")) {
            Mqar data = Mqar.of(Math.max(MQAR_SYMBOLS, 2 * settings.length()), settings.length(),
                    Math.max(1, settings.length() / TOKENS_PER_PAIR));
            return new Workload(new RecallTask<>(data, settings.batch()), "associative recall of " + data.pairs()
                    + " pairs in "
                    + data.length() + " tokens", data.vocabularySize(), Optional.empty());
        }
        boolean own = !settings.text().isEmpty();
        TextCorpus corpus = own ? TextCorpus.split(Path.of(settings.text()).getFileName().toString(),
                TextFile.read(Path.of(settings.text())), settings.length()) : WordNet.glosses();
        Vocabulary vocabulary = CharacterVocabulary.of(corpus.train());
        TextData data = new TextData(corpus, vocabulary, settings.length());
        TextTask task = new TextTask(data, settings.batch(), (int) Math.min(WINDOWS, data.windows(Split.VALIDATION)));
        return new Workload(task, own ? corpus.id() : "the glosses of WordNet", vocabulary.size(),
                Optional.of(vocabulary));
    }

    /** A model's config for each mixer: the same backbone, as many parameters as softmax attention's. */
    public List<LanguageModelConfig> models(CompareSettings settings) {
        LanguageModelConfig baseline = model(settings, "softmax");
        ParameterBudget budget = ParameterBudget.of(baseline);
        return settings.mixers().stream().map(mixer -> budget.fit(model(settings, mixer))).toList();
    }

    private LanguageModelConfig model(CompareSettings settings, String mixer) {
        return new LanguageModelConfig(symbols, true, new BackboneConfig(settings.width(), settings.layers(),
                settings.heads(), settings.heads(), settings.length(), 4 * settings.width(),
                BackboneConfig.NormKind.LAYER_NORM, BackboneConfig.MlpKind.GELU, 0, true,
                isRecall() && settings.layers() > 1 && !mixer.contains("+")
                ? RecallTrial.stack(mixer, settings.layers())
                        : MixerSpec.parseStack(mixer)));
    }

    /** Whether models learn to recall rather than to write. */
    boolean isRecall() {
        return task instanceof RecallTask<?>;
    }

    /** A fresh model, with weights from libtorch's default generator. */
    public LanguageModel build(LanguageModelConfig config) {
        LanguageModel model = new LanguageModel(config);
        if (isRecall()) {
            RecallTrial.widen(model);
        }
        return model;
    }

    /** What the models are given to continue; empty when tokens are not text. */
    String prompt() {
        return vocabulary.isPresent() ? PROMPT : "";
    }

    /** Text that {@code model} writes after the prompt, the same on every call; empty when tokens are not text. */
    String sample(LanguageModel model) {
        if (vocabulary.isEmpty()) {
            return "";
        }
        Vocabulary written = vocabulary.get();
        int[] tokens = new int[SAMPLE];
        int[] count = new int[1];
        new Generator(model, new Sampling(0.7, 0, 0.95, 0)).write(written.encode(PROMPT), SAMPLE, token -> {
            tokens[count[0]++] = token;
            return true;
        });
        return written.decode(Arrays.copyOf(tokens, count[0]));
    }

    /**
     * What one sequence keeps in memory for decoding after {@code length} tokens, in bytes; 0 when it cannot decode.
     */
    static long stateBytes(LanguageModel model, int length) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard();
                BackboneState state = model.state(1)) {
            model.prefill(Ops.of(new long[length], 1, length), state);
            return state.bytes();
        } catch (UnsupportedOperationException e) {
            return 0;
        }
    }
}
