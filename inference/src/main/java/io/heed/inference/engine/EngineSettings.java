package io.heed.inference.engine;

import io.heed.inference.attention.AttentionPlan;

/**
 * How an engine shares the machine.
 *
 * @param plan       what attention reads
 * @param cacheBytes memory for keys and values
 * @param queue      requests that may wait
 * @param batch      sequences that run at a time
 * @param chunk      prompt tokens computed between two steps of the running sequences
 * @param vocabulary tokens that may be generated: the first so many
 */
public record EngineSettings(AttentionPlan plan, long cacheBytes, int queue, int batch, int chunk, int vocabulary) {
    /** @throws IllegalArgumentException in one line when a number is not positive */
    public EngineSettings {
        check("cache bytes", cacheBytes, 1);
        check("queue", queue, 0);
        check("batch", batch, 1);
        check("chunk", chunk, 1);
        check("vocabulary", vocabulary, 1);
    }

    private static void check(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " is " + value + ", must be at least " + least);
        }
    }

    /** 64 sequences at a time, 256 waiting, prompts in chunks of 256 tokens. */
    public static EngineSettings of(AttentionPlan plan, long cacheBytes, int vocabulary) {
        return new EngineSettings(plan, cacheBytes, 256, 64, 256, vocabulary);
    }

    /** The same with another queue. */
    public EngineSettings withQueue(int queue) {
        return new EngineSettings(plan, cacheBytes, queue, batch, chunk, vocabulary);
    }

    /** The same with other sequences at a time. */
    public EngineSettings withBatch(int batch) {
        return new EngineSettings(plan, cacheBytes, queue, batch, chunk, vocabulary);
    }

    /** The same with other chunks. */
    public EngineSettings withChunk(int chunk) {
        return new EngineSettings(plan, cacheBytes, queue, batch, chunk, vocabulary);
    }
}
