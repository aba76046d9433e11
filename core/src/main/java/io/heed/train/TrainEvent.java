package io.heed.train;

import java.nio.file.Path;

/** What happened in a training. A {@code step} is the number of steps done so far: 1 after the first. */
public sealed interface TrainEvent {
    /** Steps done so far. */
    long step();

    /**
     * Training begins, or goes on from a checkpoint.
     *
     * @param step          steps done before; 0 unless resumed
     * @param steps         steps that the configuration asks for
     * @param task          the task's id
     * @param parameters    trained numbers in the model
     * @param tokensPerStep tokens that one step reads
     */
    record Started(long step, long steps, String task, long parameters, long tokensPerStep) implements TrainEvent { }

    /**
     * One step is done.
     *
     * @param step            steps done, this one included
     * @param loss            training loss of the step's minibatch, before the update
     * @param rate            learning rate of the update
     * @param gradientNorm    2-norm of all gradients before clipping
     * @param seconds         wall time of the step
     * @param tokensPerSecond throughput, smoothed over recent steps; evaluations and saves do not count
     */
    record Stepped(long step, double loss, double rate, double gradientNorm, double seconds, double tokensPerSecond)
            implements TrainEvent { }

    /**
     * The validation split was evaluated.
     *
     * @param step       steps done
     * @param evaluation loss and metric
     * @param seconds    wall time of the evaluation
     */
    record Evaluated(long step, Evaluation evaluation, double seconds) implements TrainEvent { }

    /**
     * A checkpoint is about to be saved: what must not be missing beside it belongs on the disk now.
     *
     * @param step steps done
     */
    record Saving(long step) implements TrainEvent { }

    /**
     * A checkpoint is whole and in place.
     *
     * @param step    steps done, from which a resumed run goes on
     * @param file    the checkpoint
     * @param seconds wall time of the save
     */
    record Checkpointed(long step, Path file, double seconds) implements TrainEvent { }

    /**
     * A checkpoint could not be written; the one before is untouched and training goes on.
     *
     * @param step   steps done
     * @param reason one line that names the path and the reason
     */
    record CheckpointFailed(long step, String reason) implements TrainEvent { }

    /**
     * Training ended, whole or by request.
     *
     * @param step   steps done
     * @param result how it ended
     */
    record Ended(long step, TrainResult result) implements TrainEvent { }
}
