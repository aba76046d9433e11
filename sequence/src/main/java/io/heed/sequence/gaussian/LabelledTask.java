package io.heed.sequence.gaussian;

import java.util.function.BiFunction;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Classification of examples held in memory. The metric is the accuracy on those kept for evaluation.
 *
 * @param examples (S, ...), the first {@code trained} of them for training, the others for evaluation
 * @param labels   (S) int64
 * @param trained  examples for training
 * @param batch    examples of a step
 * @param forward  from a batch of examples to logits (B, classes)
 * @param <M>      the model
 */
record LabelledTask<M extends Module>(Tensor examples, Tensor labels, long trained, int batch,
                                      BiFunction<M, Tensor, Tensor> forward) implements Task<M> {
    private static final long CHUNK = 256;

    @Override
    public String id() {
        return "labelled";
    }

    @Override
    public Tensor loss(M model, Step step) {
        CounterRandom random = new CounterRandom(step.key());
        long[] rows = new long[batch];
        for (int i = 0; i < batch; i++) {
            rows[i] = random.nextLong(trained);
        }
        Tensor index = Ops.of(rows);
        return torch.cross_entropy_loss(forward.apply(model, examples.index_select(0, index)),
                labels.index_select(0, index));
    }

    @Override
    public Evaluation evaluate(M model) {
        long count = examples.size(0) - trained;
        double loss = 0;
        double right = 0;
        for (long from = 0; from < count; from += CHUNK) {
            try (PointerScope _ = new PointerScope()) {
                long rows = Math.min(CHUNK, count - from);
                Tensor logits = forward.apply(model, examples.narrow(0, trained + from, rows));
                Tensor targets = labels.narrow(0, trained + from, rows);
                loss += rows * torch.cross_entropy_loss(logits, targets).item_double();
                right += logits.argmax(new LongOptional(1), false).eq(targets).sum().item_double();
            }
        }
        return Evaluation.of(loss / count, metric(), right / count);
    }

    @Override
    public long tokensPerStep() {
        return batch;
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
