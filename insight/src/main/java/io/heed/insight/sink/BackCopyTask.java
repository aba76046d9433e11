package io.heed.insight.sink;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;
import io.heed.data.SequenceBatch;
import io.heed.train.Evaluation;
import io.heed.train.Step;

/**
 * Predicting {@link BackCopy} sequences.
 *
 * @param data     the sequences
 * @param constant where the constant token stands, -1 for nowhere
 * @param prefix   positions at the start that all see and whose target does not count
 */
record BackCopyTask(BackCopy data, int constant, int prefix) implements SinkTask {
    /** T. */
    static final int LENGTH = SinkMetric.LENGTH;

    private static final int BATCH = 32;
    private static final int EVALUATED = 128;
    private static final long HELD_OUT = -1;

    @Override
    public String id() {
        return "back-copy";
    }

    @Override
    public Tensor loss(SinkModel model, Step step) {
        return loss(model, data.batch(step.key(), BATCH, LENGTH, constant, prefix));
    }

    @Override
    public Evaluation evaluate(SinkModel model) {
        try (PointerScope _ = new PointerScope()) {
            return Evaluation.of(loss(model, heldOut()).item_double(), metric(), Double.NaN);
        }
    }

    @Override
    public SequenceBatch heldOut() {
        return data.batch(CounterRandom.key(HELD_OUT), EVALUATED, LENGTH, constant, prefix);
    }

    private static Tensor loss(SinkModel model, SequenceBatch batch) {
        return torch.cross_entropy_loss(model.forward(batch.tokens()).flatten(0, 1), batch.targets().flatten());
    }

    @Override
    public long tokensPerStep() {
        return (long) BATCH * LENGTH;
    }

    @Override
    public String metric() {
        return "loss";
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }
}
