package io.heed.sequence;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CharacterVocabulary;
import io.heed.data.Split;
import io.heed.data.WordNet;
import io.heed.nn.Padding;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Which part of speech a word is (noun, verb, adjective, adverb), from the characters of its gloss in WordNet: a small
 * stand-in for long-text classification. All four are equally frequent, so chance is 1/4. The metric is the accuracy.
 */
public final class PartOfSpeechTask implements Task<SequenceClassifier> {
    private final int length;
    private final int batch;
    private final CharacterVocabulary vocabulary;
    private final List<List<int[]>> train;
    private final List<List<int[]>> validation;
    private final int examples;

    /**
     * @param length   N, characters read of a gloss; shorter ones are padded
     * @param batch    B, glosses in a step
     * @param examples validation glosses that an evaluation reads
     */
    public PartOfSpeechTask(int length, int batch, int examples) {
        this.length = length;
        this.batch = batch;
        this.examples = examples;
        vocabulary = CharacterVocabulary.of(String.join("", WordNet.glosses("verb", Split.TRAIN)));
        train = encoded(Split.TRAIN);
        validation = encoded(Split.VALIDATION);
    }

    private List<List<int[]>> encoded(Split split) {
        List<List<int[]>> classes = new ArrayList<>();
        for (String part : WordNet.parts()) {
            classes.add(WordNet.glosses(part, split).stream()
                    .map(gloss -> vocabulary.encode(gloss.substring(0, Math.min(length, gloss.length())))).toList());
        }
        return classes;
    }

    /** V. */
    public int vocabularySize() {
        return vocabulary.size();
    }

    /** C. */
    public int classes() {
        return train.size();
    }

    /** N. */
    public int length() {
        return length;
    }

    /** Glosses (B, N), which of their characters exist, and their classes (B). */
    private record Batch(Tensor tokens, Padding padding, Tensor classes) { }

    private Batch batch(List<int[]> rows, long[] classes) {
        long[] tokens = new long[rows.size() * length];
        int[] lengths = new int[rows.size()];
        for (int b = 0; b < lengths.length; b++) {
            int[] row = rows.get(b);
            lengths[b] = row.length;
            for (int i = 0; i < row.length; i++) {
                tokens[b * length + i] = row[i];
            }
        }
        return new Batch(Ops.of(tokens, rows.size(), length), Padding.ofLengths(length, lengths), Ops.of(classes));
    }

    @Override
    public String id() {
        return "part-of-speech";
    }

    @Override
    public Tensor loss(SequenceClassifier model, Step step) {
        SplittableRandom random = new SplittableRandom(step.key());
        List<int[]> rows = new ArrayList<>();
        long[] classes = new long[batch];
        for (int b = 0; b < batch; b++) {
            classes[b] = random.nextInt(train.size());
            List<int[]> of = train.get((int) classes[b]);
            rows.add(of.get(random.nextInt(of.size())));
        }
        Batch drawn = batch(rows, classes);
        return model.loss(drawn.tokens, drawn.padding, drawn.classes);
    }

    /** The same glosses each time: one of each class in turn, spread evenly over each. */
    @Override
    public Evaluation evaluate(SequenceClassifier model) {
        double loss = 0;
        double right = 0;
        for (int from = 0; from < examples; from += batch) {
            int count = Math.min(batch, examples - from);
            List<int[]> rows = new ArrayList<>();
            long[] classes = new long[count];
            for (int b = 0; b < count; b++) {
                int number = from + b;
                classes[b] = number % validation.size();
                List<int[]> of = validation.get((int) classes[b]);
                rows.add(of.get((int) ((long) number * of.size() / examples)));
            }
            try (PointerScope _ = new PointerScope()) {
                Batch read = batch(rows, classes);
                Tensor logits = model.forward(read.tokens, read.padding);
                loss += count * torch.cross_entropy_loss(logits, read.classes).item_double();
                right += logits.argmax(new LongOptional(-1), false).eq(read.classes).sum().item_double();
            }
        }
        return Evaluation.of(loss / examples, metric(), right / examples);
    }

    @Override
    public long tokensPerStep() {
        return (long) batch * length;
    }

    @Override
    public String metric() {
        return "accuracy";
    }

    @Override
    public boolean higherIsBetter() {
        return true;
    }
}
