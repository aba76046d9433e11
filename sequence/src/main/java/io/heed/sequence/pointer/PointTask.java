package io.heed.sequence.pointer;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.data.CounterRandom;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Learning a {@link Problem} by the right answers, on new instances at every step, all of one size, so that the encoder
 * packs nothing; held-out instances mix sizes. The metric is the share of answers'
 * tokens that are likeliest when those before are right, the end included.
 *
 * @param least fewest points
 * @param most  most points
 */
record PointTask(Problem problem, int least, int most) implements Task<PointModel> {
    private static final int BATCH = 128;
    private static final int HELD_OUT = 512;
    private static final long HELD_OUT_KEY = -7;

    @Override
    public String id() {
        return "points";
    }

    @Override
    public Tensor loss(PointModel model, Step step) {
        int n = least + new CounterRandom(step.key()).nextInt(most - least + 1);
        Instances batch = Instances.of(problem, step.key(), BATCH, n, n);
        return PointModel.loss(scores(model, batch), batch.targets(), batch.targetLengths());
    }

    @Override
    public Evaluation evaluate(PointModel model) {
        try (PointerScope _ = new PointerScope()) {
            Instances held = heldOut(HELD_OUT);
            Tensor scores = scores(model, held);
            Tensor targets =
                    torch.cat(new TensorVector(held.targets(), torch.zeros_like(held.targets().narrow(1, 0, 1))), 1);
            Tensor counted = PointModel.counted(scores.size(1), held.targetLengths());
            Tensor right = scores.argmax(new LongOptional(2), false).eq(targets).logical_and(counted);
            double accuracy = (double) count(right) / count(counted);
            return Evaluation.of(PointModel.loss(scores, held.targets(), held.targetLengths()).item_double(), metric(),
                    accuracy);
        }
    }

    /** Instances that training never sees. */
    Instances heldOut(int count) {
        return Instances.of(problem, CounterRandom.key(HELD_OUT_KEY), count, least, most);
    }

    private static Tensor scores(PointModel model, Instances batch) {
        return model.forward(batch.points(), batch.lengths(), batch.targets());
    }

    private static long count(Tensor flags) {
        return flags.sum(new ScalarTypeOptional(ScalarType.Long)).item_long();
    }

    @Override
    public long tokensPerStep() {
        return BATCH;
    }

    @Override
    public String metric() {
        return "token accuracy";
    }

    @Override
    public boolean higherIsBetter() {
        return true;
    }
}
