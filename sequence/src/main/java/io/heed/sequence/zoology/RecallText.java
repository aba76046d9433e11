package io.heed.sequence.zoology;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.data.SequenceBatch;
import io.heed.data.Split;
import io.heed.data.WordData;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Words of a text, evaluated apart where they could be recalled: at an AR hit, a word that follows another as it did
 * earlier in the same window, while the two are rare neighbours in training.
 */
final class RecallText implements Task<ZoologyModel> {
    private static final int ROWS = 16;

    private final WordData data;
    private final int batch;
    private final int windows;
    private final int rare;
    private final Map<Long, Integer> bigrams;

    /** Mean losses in nats and counts of the words that are hits, and of the others. */
    record Losses(double hits, long hitCount, double others, long otherCount) {
        double all() {
            return (hits * hitCount + others * otherCount) / (hitCount + otherCount);
        }
    }

    /**
     * @param windows validation windows that are read
     * @param rare    a pair of words is rare when training has it less often
     */
    RecallText(WordData data, int batch, int windows, int rare) {
        this.data = data;
        this.batch = batch;
        this.windows = windows;
        this.rare = rare;
        bigrams = data.bigrams(Split.TRAIN);
    }

    @Override
    public String id() {
        return "recall-text";
    }

    @Override
    public Tensor loss(ZoologyModel model, Step step) {
        MixerContext context = MixerContext.plain();
        Tensor loss = loss(model, data.sample(Split.TRAIN, batch, step.key()), context);
        return context.loss().map(loss::add).orElse(loss);
    }

    private static Tensor loss(ZoologyModel model, SequenceBatch batch, MixerContext context) {
        return ZoologyModel.loss(model.forward(batch.tokens(), context), batch.targets(), SequenceBatch.IGNORED);
    }

    @Override
    public Evaluation evaluate(ZoologyModel model) {
        double loss = losses(model).all();
        return Evaluation.of(loss, metric(), Math.exp(loss));
    }

    /** The losses of {@code model} as it is. */
    Losses losses(ZoologyModel model) {
        double[] sums = new double[2];
        long[] counts = new long[2];
        int count = (int) Math.min(windows, data.windows(Split.VALIDATION));
        for (int first = 0; first < count; first += ROWS) {
            try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                SequenceBatch window = data.window(Split.VALIDATION, first, Math.min(ROWS, count - first));
                long[] tokens = Ops.longs(window.tokens());
                long[] targets = Ops.longs(window.targets());
                boolean[] hits = hits(tokens, targets, data.length());
                for (int kind = 0; kind < 2; kind++) {
                    long[] labels = targets.clone();
                    long labelled = 0;
                    for (int i = 0; i < labels.length; i++) {
                        boolean wanted = hits[i] == (kind == 0);
                        labelled += wanted ? 1 : 0;
                        labels[i] = wanted ? labels[i] : SequenceBatch.IGNORED;
                    }
                    if (labelled > 0) {
                        SequenceBatch part = SequenceBatch.of(tokens, labels, tokens.length / data.length(),
                                data.length());
                        sums[kind] += labelled * loss(model, part, MixerContext.plain()).item_double();
                        counts[kind] += labelled;
                    }
                }
            }
        }
        return new Losses(sums[0] / counts[0], counts[0], sums[1] / counts[1], counts[1]);
    }

    /** Which targets are AR hits; the unknown word is none. */
    private boolean[] hits(long[] tokens, long[] targets, int length) {
        boolean[] hits = new boolean[tokens.length];
        for (int row = 0; row < tokens.length; row += length) {
            Set<Long> seen = new HashSet<>();
            for (int i = row; i < row + length; i++) {
                long pair = tokens[i] * data.vocabularySize() + targets[i];
                boolean known = tokens[i] != WordData.UNKNOWN && targets[i] != WordData.UNKNOWN;
                hits[i] = !seen.add(pair) && known && bigrams.getOrDefault(pair, 0) < rare;
            }
        }
        return hits;
    }

    @Override
    public long tokensPerStep() {
        return (long) batch * data.length();
    }

    @Override
    public String metric() {
        return "perplexity";
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }
}
