package io.heed.sequence;

import java.util.Map;
import java.util.function.Function;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

import io.heed.data.ByteVocabulary;
import io.heed.data.CharacterVocabulary;
import io.heed.data.SequenceBatch;
import io.heed.data.Split;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.WordNet;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Predicting the next byte or character of a text. The metric is bits per byte (or character) on the validation part.
 *
 * @param data    the text, cut into windows of N tokens
 * @param batch   B, windows in a step
 * @param windows validation windows that an evaluation reads, spread evenly over the part
 */
public record TextTask(TextData data, int batch, int windows) implements Task<LanguageModel> {
    private static final int STANDARD_WINDOWS = 128;

    /** @throws IllegalArgumentException when the batch or the windows are not positive */
    public TextTask {
        if (batch < 1 || windows < 1) {
            throw new IllegalArgumentException("batch " + batch + " and windows " + windows + " must be at least 1");
        }
    }

    /** Evaluated on at most 128 windows. */
    public TextTask(TextData data, int batch) {
        this(data, batch, (int) Math.min(STANDARD_WINDOWS, data.windows(Split.VALIDATION)));
    }

    /** The glosses of WordNet by characters, 16 windows of 256 a step. */
    public static TextTask standard() {
        TextCorpus glosses = WordNet.glosses();
        return new TextTask(new TextData(glosses, CharacterVocabulary.of(glosses.train()), 256), 16);
    }

    @Override
    public String id() {
        return "text";
    }

    @Override
    public Tensor loss(LanguageModel model, Step step) {
        return model.loss(data.sample(Split.TRAIN, batch, step.key()));
    }

    @Override
    public Evaluation evaluate(LanguageModel model) {
        return evaluate(batch -> model.crossEntropy(batch, MixerContext.plain()));
    }

    /** The evaluation of any model, by its mean cross-entropy in nats on a batch. */
    Evaluation evaluate(Function<SequenceBatch, Tensor> crossEntropy) {
        Windows read = Windows.spread(data, Split.VALIDATION, windows, batch);
        double sum = 0;
        for (Windows.Run run : read.runs()) {
            try (PointerScope _ = new PointerScope()) {
                sum += run.rows()
                        * crossEntropy.apply(data.window(Split.VALIDATION, run.first(), run.rows())).item_double();
            }
        }
        double loss = sum / read.count();
        return new Evaluation(loss, metric(), loss / Math.log(2), Map.of("perplexity", Math.exp(loss)));
    }

    @Override
    public long tokensPerStep() {
        return (long) batch * data.length();
    }

    @Override
    public String metric() {
        return data.vocabulary() instanceof ByteVocabulary ? "bits per byte" : "bits per character";
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }
}
