package io.heed.sequence.titans;

import java.util.Arrays;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;
import io.heed.data.SequenceBatch;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Needles in a haystack: values are written to keys, distractors follow, then every written key is asked for once, and
 * its last value is to be predicted. With as many writes as keys each key is written once; with more, values are
 * replaced.
 *
 * <p>Tokens: keys, then values, then one for a key that was never written, then distractors.
 *
 * @param keys        keys in all
 * @param values      values in all
 * @param writes      pairs of key and value at the start
 * @param gap         distractors between the writes and the questions
 * @param batch       sequences in a step
 * @param evaluations sequences of an evaluation
 */
record NeedleTask(int keys, int values, int writes, int gap, int batch, int evaluations)
        implements Task<LanguageModel> {
    private static final int DISTRACTORS = 8;
    private static final long HELD_OUT = 0x5eed;

    /** V. */
    int vocabulary() {
        return keys + values + 1 + DISTRACTORS;
    }

    /** N. */
    int length() {
        return 2 * writes + gap + keys;
    }

    /** The same with more distractors. */
    NeedleTask withGap(int gap) {
        return new NeedleTask(keys, values, writes, gap, batch, evaluations);
    }

    @Override
    public String id() {
        return "needles";
    }

    @Override
    public Tensor loss(LanguageModel model, Step step) {
        return model.loss(draw(step.key(), batch));
    }

    @Override
    public Evaluation evaluate(LanguageModel model) {
        double right = 0;
        double asked = 0;
        double loss = 0;
        for (int first = 0; first < evaluations; first += batch) {
            try (PointerScope _ = new PointerScope()) {
                SequenceBatch examples = draw(CounterRandom.key(HELD_OUT, first, 0), batch);
                Tensor targets = examples.targets().flatten();
                Tensor positions = targets.ne(new Scalar(SequenceBatch.IGNORED)).nonzero().squeeze(1);
                Tensor logits = model.forwardAt(examples.tokens(), positions, MixerContext.plain());
                Tensor expected = targets.index_select(0, positions);
                long count = positions.numel();
                loss += count * torch.cross_entropy_loss(logits, expected).item_double();
                right += Ops.item(logits.argmax(new LongOptional(-1), false).eq(expected).sum());
                asked += count;
            }
        }
        return Evaluation.of(loss / asked, metric(), right / asked);
    }

    private SequenceBatch draw(long key, int rows) {
        CounterRandom random = new CounterRandom(key);
        long[] tokens = new long[rows * length()];
        long[] targets = new long[tokens.length];
        Arrays.fill(targets, SequenceBatch.IGNORED);
        for (int row = 0; row < rows; row++) {
            int at = row * length();
            int[] last = new int[keys];
            Arrays.fill(last, -1);
            int[] order = shuffled(random);
            for (int w = 0; w < writes; w++) {
                int written = writes > keys ? random.nextInt(keys) : order[w];
                last[written] = random.nextInt(values);
                tokens[at++] = written;
                tokens[at++] = keys + last[written];
            }
            for (int i = 0; i < gap; i++) {
                tokens[at++] = keys + values + 1 + random.nextInt(DISTRACTORS);
            }
            for (int asked : shuffled(random)) {
                tokens[at] = last[asked] < 0 ? keys + values : asked;
                targets[at] = last[asked] < 0 ? SequenceBatch.IGNORED : keys + last[asked];
                at++;
            }
        }
        return SequenceBatch.of(tokens, targets, rows, length());
    }

    private int[] shuffled(CounterRandom random) {
        int[] order = new int[keys];
        for (int i = 0; i < keys; i++) {
            int other = random.nextInt(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        return order;
    }

    @Override
    public long tokensPerStep() {
        return (long) batch * length();
    }

    @Override
    public String metric() {
        return "recall";
    }

    @Override
    public boolean higherIsBetter() {
        return true;
    }
}
