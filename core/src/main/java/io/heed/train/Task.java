package io.heed.train;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * What a model is trained on: data, loss and metric, fixed by the task's own configuration. A task keeps no state
 * between steps; {@link #loss} of the same model and step gives the same bits, which is what makes resuming exact.
 *
 * @param <M> the kind of model that the task knows how to call
 */
public interface Task<M extends Module> {
    /** Short name for tables and folders, e.g. {@code text} or {@code mqar}. */
    String id();

    /**
     * Scalar training loss of minibatch {@code step.index()}, connected to the model's parameters. Called in training
     * mode; the trainer runs the backward pass and frees every tensor made here.
     */
    Tensor loss(M model, Step step);

    /**
     * Loss and metric on the validation split, always the same examples. The trainer calls it with the model in
     * evaluation mode and without gradients, and frees every tensor left behind.
     */
    Evaluation evaluate(M model);

    /** Tokens (or examples, where there are none) that one step reads on one rank, for throughput. */
    long tokensPerStep();

    /** Name of the metric that {@link Evaluation#value} holds, e.g. {@code accuracy}. */
    String metric();

    /** Whether a larger {@link Evaluation#value} is better. */
    boolean higherIsBetter();
}
