package io.heed.sequence;

import java.util.function.BiFunction;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.data.SequenceBatch;
import io.heed.data.Split;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * A {@link TextTask} for a paper's own model, one that is no {@link LanguageModel}: the same windows, minibatches and
 * metric.
 *
 * @param text         the task
 * @param loss         what training minimises: the cross-entropy and whatever else the model adds
 * @param crossEntropy mean cross-entropy in nats over a batch's targets
 * @param <M>          the model
 */
public record ModelTextTask<M extends Module>(TextTask text, BiFunction<M, SequenceBatch, Tensor> loss,
                                              BiFunction<M, SequenceBatch, Tensor> crossEntropy) implements Task<M> {
    /** Training minimises the cross-entropy alone. */
    public ModelTextTask(TextTask text, BiFunction<M, SequenceBatch, Tensor> crossEntropy) {
        this(text, crossEntropy, crossEntropy);
    }

    @Override
    public String id() {
        return text.id();
    }

    @Override
    public Tensor loss(M model, Step step) {
        return loss.apply(model, text.data().sample(Split.TRAIN, text.batch(), step.key()));
    }

    @Override
    public Evaluation evaluate(M model) {
        return text.evaluate(batch -> crossEntropy.apply(model, batch));
    }

    @Override
    public long tokensPerStep() {
        return text.tokensPerStep();
    }

    @Override
    public String metric() {
        return text.metric();
    }

    @Override
    public boolean higherIsBetter() {
        return text.higherIsBetter();
    }
}
