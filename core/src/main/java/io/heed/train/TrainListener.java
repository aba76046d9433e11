package io.heed.train;

/**
 * Hears what a {@link Trainer} does, on the trainer's thread and in order. Progress display, the metrics file and the
 * TensorBoard events are listeners. An exception from a listener ends the training.
 */
@FunctionalInterface
public interface TrainListener {
    /** Called after the event happened. */
    void on(TrainEvent event);
}
