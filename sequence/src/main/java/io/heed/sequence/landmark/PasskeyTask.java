package io.heed.sequence.landmark;

import java.util.SplittableRandom;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CharacterVocabulary;
import io.heed.data.Split;
import io.heed.data.TextCorpus;
import io.heed.data.WordNet;
import io.heed.nn.Form;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Text that holds a passkey once, and asks for it later: characters of glosses, at some place a mark and one of
 * {@value #KEYS} key symbols after it, and question marks of a kind that text has not, whose target is the key. All
 * other targets are the next character. Key symbols without a mark stand elsewhere: which of them is the key shows only
 * after a layer has seen the mark beside it, so the mean of all blocks, which a first layer can form without choosing
 * any, is no answer. Landmarks stand among the tokens where the model wants them.
 */
final class PasskeyTask implements Task<LandmarkModel> {
    static final int KEYS = 16;
    private static final int QUESTIONS = 8;
    /** Tokens for each key symbol without a mark. */
    static final int DECOYS = 30;

    private final int length;
    private final int batch;
    private final int tokens;
    private final boolean landmarks;
    private final int letters;
    private final int[][] texts = new int[Split.values().length][];

    /** A text, its targets, and the place of its key. */
    record Example(long[] tokens, long[] targets, int place) { }

    /**
     * @param length    ordinary tokens of a training sequence
     * @param tokens    f
     * @param landmarks whether landmarks are put in
     */
    PasskeyTask(int length, int batch, int tokens, boolean landmarks) {
        this.length = length;
        this.batch = batch;
        this.tokens = tokens;
        this.landmarks = landmarks;
        TextCorpus glosses = WordNet.glosses();
        CharacterVocabulary vocabulary = CharacterVocabulary.of(glosses.train());
        letters = vocabulary.size();
        for (Split split : Split.values()) {
            texts[split.ordinal()] = vocabulary.encode(glosses.text(split));
        }
    }

    /** Letters, keys, the question, the mark and the landmark. */
    int vocabularySize() {
        return letters + KEYS + 3;
    }

    int landmark() {
        return letters + KEYS + 2;
    }

    private int mark() {
        return letters + KEYS + 1;
    }

    private int question() {
        return letters + KEYS;
    }

    /**
     * A text of n ordinary tokens.
     *
     * @param earliest, latest bounds of the key's place
     * @param questions how many, at random places after the key; with one it is the last token; with none there is no
     *                  key
     */
    Example example(Split split, int n, int earliest, int latest, int questions, SplittableRandom random) {
        int[] text = texts[split.ordinal()];
        int from = random.nextInt(text.length - n - 1);
        long[] given = new long[n];
        long[] targets = new long[n];
        for (int t = 0; t < n; t++) {
            given[t] = text[from + t];
            targets[t] = text[from + t + 1];
        }
        if (questions == 0) {
            return new Example(given, targets, -1);
        }
        int place = earliest + random.nextInt(latest - earliest);
        for (int i = 0; i < n / DECOYS; i++) {
            given[random.nextInt(n)] = letters + random.nextInt(KEYS);
        }
        long key = letters + random.nextInt(KEYS);
        given[place] = mark();
        given[place + 1] = key;
        for (int i = 0; i < questions; i++) {
            int at = questions == 1 ? n - 1 : place + 2 + random.nextInt(n - place - 2);
            given[at] = question();
            targets[at] = key;
        }
        return new Example(given, targets, place);
    }

    @Override
    public Tensor loss(LandmarkModel model, Step step) {
        SplittableRandom random = new SplittableRandom(step.key());
        int n = landmarks ? length + length / tokens : length;
        long[] ids = new long[batch * n];
        long[] targets = new long[batch * n];
        long[] answers = new long[batch * n];
        for (int b = 0; b < batch; b++) {
            Example example = example(Split.TRAIN, length, 0, length / 2, QUESTIONS, random);
            for (int at = 0, t = 0; at < n; at++) {
                boolean landmark = landmarks && at % (tokens + 1) == tokens;
                ids[b * n + at] = landmark ? landmark() : example.tokens[t];
                targets[b * n + at] = landmark ? LandmarkModel.IGNORED : example.targets[t];
                answers[b * n + at] = !landmark && example.tokens[t] == question() ? example.targets[t]
                        : LandmarkModel.IGNORED;
                t += landmark ? 0 : 1;
            }
        }
        Tensor logits = model.forward(Ops.of(ids, batch, n), Form.AUTO);
        return LandmarkModel.loss(logits, Ops.of(targets, batch, n)).add(LandmarkModel.loss(logits, Ops.of(answers,
                batch, n)));
    }

    /** What the model knows at the training length, read at once: share of passkeys, chance 1 / {@value #KEYS}. */
    @Override
    public Evaluation evaluate(LandmarkModel model) {
        LandmarkCache.Config all = new LandmarkCache.Config(model.config().block(), 4096, 4096,
                LandmarkCache.Selection.PER_TOKEN_AND_HEAD, LandmarkCache.Positions.TRUE);
        return Evaluation.of(0, metric(), accuracy(model, all, length, length, 64));
    }

    /**
     * Share of keys found at the end of texts of {@code n} tokens that name them among the first 32, read in chunks.
     */
    double accuracy(LandmarkModel model, LandmarkCache.Config cache, int n, int chunk, int examples) {
        SplittableRandom random = new SplittableRandom(n);
        int found = 0;
        int together = 16;
        for (int done = 0; done < examples; done += together) {
            try (PointerScope _ = new PointerScope(); LandmarkReader reader = new LandmarkReader(model, cache)) {
                long[] ids = new long[together * n];
                long[] keys = new long[together];
                for (int b = 0; b < together; b++) {
                    Example example = example(Split.VALIDATION, n, 0, 32, 1, random);
                    System.arraycopy(example.tokens, 0, ids, b * n, n);
                    keys[b] = example.targets[n - 1];
                }
                Tensor last = read(reader, Ops.of(ids, together, n), chunk).select(1, -1).narrow(1, letters, KEYS);
                found += last.argmax(new LongOptional(-1), false).add(new Scalar(letters)).eq(Ops.of(keys))
                        .sum().item_int();
            }
        }
        return found / (double) examples;
    }

    /** Nats a character of texts of {@code n} tokens without keys, over the last half, read in chunks. */
    double loss(LandmarkModel model, LandmarkCache.Config cache, int n, int chunk, int examples) {
        SplittableRandom random = new SplittableRandom(n + 1);
        try (PointerScope _ = new PointerScope(); LandmarkReader reader = new LandmarkReader(model, cache)) {
            long[] ids = new long[examples * n];
            long[] targets = new long[examples * n];
            for (int b = 0; b < examples; b++) {
                Example example = example(Split.VALIDATION, n, 0, 1, 0, random);
                System.arraycopy(example.tokens, 0, ids, b * n, n);
                System.arraycopy(example.targets, 0, targets, b * n, n);
            }
            Tensor logits = read(reader, Ops.of(ids, examples, n), chunk).narrow(1, n / 2, n - n / 2);
            return torch.cross_entropy_loss(logits.flatten(0, 1), Ops.of(targets, examples, n).narrow(1, n / 2,
                    n - n / 2).flatten())
                    .item_double();
        }
    }

    /** All logits, chunk by chunk. */
    private static Tensor read(LandmarkReader reader, Tensor ids, int chunk) {
        Tensor[] parts = new Tensor[(int) ((ids.size(1) + chunk - 1) / chunk)];
        for (int i = 0; i < parts.length; i++) {
            long from = (long) i * chunk;
            parts[i] = reader.read(ids.narrow(1, from, Math.min(chunk, ids.size(1) - from)));
        }
        return Ops.cat(1, parts);
    }

    @Override
    public String id() {
        return "passkey";
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
