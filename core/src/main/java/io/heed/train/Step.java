package io.heed.train;

import io.heed.data.CounterRandom;

/**
 * Names one minibatch.
 *
 * @param index number of the step, from 0
 * @param seed  the run's seed
 * @param rank  which of the {@code world} processes asks; each draws its own minibatch
 * @param world number of processes that train together, 1 for a single one
 */
public record Step(long index, long seed, int rank, int world) {
    /** @throws IllegalArgumentException when the index is negative or the rank is not one of {@code world} */
    public Step {
        if (index < 0 || world < 1 || rank < 0 || rank >= world) {
            throw new IllegalArgumentException("step " + index + ", rank " + rank + " of " + world
                    + ": the index must not be negative and the rank must be in [0, world)");
        }
    }

    /** Step {@code index} of a run on one process. */
    public static Step of(long index, long seed) {
        return new Step(index, seed, 0, 1);
    }

    /** The key under which this step draws its minibatch: distinct for distinct steps, ranks and seeds. */
    public long key() {
        return CounterRandom.key(seed, index, rank);
    }
}
