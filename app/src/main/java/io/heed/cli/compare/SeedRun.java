package io.heed.cli.compare;

/**
 * What one mixer reached with one seed.
 *
 * @param seed            the seed of weights and batches
 * @param history         how training went
 * @param validationLoss  validation loss at the end
 * @param value           the task's metric at the end
 * @param test            the task's metric on the test split at the end; NaN where there is none
 * @param tokensPerSecond training throughput of the model's own steps, after warm-up
 * @param peakBytes       resident memory that a training step takes beyond what the model and its optimiser keep
 * @param stateBytes      decoding state of one sequence after the training length
 */
public record SeedRun(long seed, History history, double validationLoss, double value, double test,
                      double tokensPerSecond, long peakBytes, long stateBytes) { }
