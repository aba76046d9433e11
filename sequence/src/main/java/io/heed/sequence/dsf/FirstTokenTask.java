package io.heed.sequence.dsf;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.data.CounterRandom;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Remembering the first of N tokens among noise: after N - 1 tokens of noise the model is asked for it. The metric is
 * the loss at the last position, in nats; knowing nothing gives ln 16.
 *
 * @param length N
 */
record FirstTokenTask(int length) implements Task<MemoryModel> {
    /** Kinds of first tokens, and as many kinds of noise. */
    private static final int KINDS = 16;
    static final int VOCABULARY = 2 * KINDS;
    private static final int BATCH = 32;
    private static final int HELD_OUT = 8; // batches
    private static final long VALIDATION = 1;

    /**
     * Some examples.
     *
     * @param tokens (B, N)
     * @param first  (B), what is asked for
     */
    private record Batch(Tensor tokens, Tensor first) { }

    private Batch draw(long key) {
        CounterRandom random = new CounterRandom(key);
        long[] tokens = new long[BATCH * length];
        long[] asked = new long[BATCH];
        for (int row = 0; row < BATCH; row++) {
            asked[row] = random.nextInt(KINDS);
            tokens[row * length] = asked[row];
            for (int i = 1; i < length; i++) {
                tokens[row * length + i] = KINDS + random.nextInt(KINDS);
            }
        }
        return new Batch(Ops.of(tokens, BATCH, length), Ops.of(asked, BATCH));
    }

    /** The mean share of the forget factors above {@code bound}, on held-out examples. */
    double remembered(MemoryModel model, double bound) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Tensor factors = model.forgetFactors(draw(CounterRandom.key(VALIDATION, 0)).tokens);
            return Ops.item(factors.gt(new Scalar(bound)).to(ScalarType.Double).mean());
        }
    }

    private static Tensor loss(MemoryModel model, Batch batch) {
        return torch.cross_entropy_loss(model.forward(batch.tokens), batch.first);
    }

    @Override
    public String id() {
        return "first-token";
    }

    @Override
    public Tensor loss(MemoryModel model, Step step) {
        return loss(model, draw(step.key()));
    }

    @Override
    public Evaluation evaluate(MemoryModel model) {
        double sum = 0;
        for (int i = 0; i < HELD_OUT; i++) {
            try (PointerScope _ = new PointerScope()) {
                sum += loss(model, draw(CounterRandom.key(VALIDATION, i))).item_double();
            }
        }
        return Evaluation.of(sum / HELD_OUT, metric(), sum / HELD_OUT);
    }

    @Override
    public long tokensPerStep() {
        return (long) BATCH * length;
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
