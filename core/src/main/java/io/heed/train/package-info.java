/**
 * Training: a {@link io.heed.train.Task} gives losses, a {@link io.heed.train.Trainer} takes steps, tells its
 * {@link io.heed.train.TrainListener}s, and keeps a checkpoint from which a killed run goes on to the same numbers.
 *
 * <p>Everything random is a function of the seed and the step number, so a run has no hidden state: parameters,
 * optimizer moments and the step number are all that a checkpoint needs.
 */
package io.heed.train;
