package io.heed.sequence.aaren;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

import io.heed.data.CounterRandom;
import io.heed.data.Split;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/** Predicting the next element of a stream at every position; the metric is the loss. */
abstract sealed class StreamTask implements Task<StreamModel> permits SeasonalTask, HawkesTask, TextStreamTask {
    /** N, elements that are predicted. */
    static final int LENGTH = 96;
    private static final int BATCH = 16;
    private static final int HELD_OUT = 16; // batches
    private static final long VALIDATION = 1;

    private final String id;
    private final int features;

    StreamTask(String id, int features) {
        this.id = id;
        this.features = features;
    }

    /** C, numbers that describe an element. */
    int features() {
        return features;
    }

    /** Numbers that a model gives for the next element. */
    abstract int outputs();

    /**
     * One stream of N + 1 elements, row after row. Where streams are drawn from a text, from the part {@code split}.
     */
    abstract float[] stream(CounterRandom random, Split split);

    /** Mean loss of predictions (B, N, outputs) against the elements that came (B, N, C): a scalar. */
    abstract Tensor loss(Tensor predictions, Tensor next);

    @Override
    public String id() {
        return id;
    }

    @Override
    public Tensor loss(StreamModel model, Step step) {
        return loss(model, step.key(), Split.TRAIN);
    }

    private Tensor loss(StreamModel model, long key, Split split) {
        int stream = (LENGTH + 1) * features;
        float[] all = new float[BATCH * stream];
        for (int row = 0; row < BATCH; row++) {
            System.arraycopy(stream(new CounterRandom(CounterRandom.key(key, row)), split), 0, all, row * stream,
                    stream);
        }
        Tensor elements = Ops.of(all, BATCH, LENGTH + 1, features);
        return loss(model.forward(elements.narrow(1, 0, LENGTH)), elements.narrow(1, 1, LENGTH));
    }

    @Override
    public Evaluation evaluate(StreamModel model) {
        double sum = 0;
        for (int i = 0; i < HELD_OUT; i++) {
            try (PointerScope _ = new PointerScope()) {
                sum += loss(model, CounterRandom.key(VALIDATION, i), Split.VALIDATION).item_double();
            }
        }
        return Evaluation.of(sum / HELD_OUT, metric(), sum / HELD_OUT);
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
