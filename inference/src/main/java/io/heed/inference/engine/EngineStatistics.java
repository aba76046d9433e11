package io.heed.inference.engine;

/**
 * What an engine did and does.
 *
 * @param waiting         requests in the queue
 * @param running         sequences in the batch
 * @param finished        requests that ended by themselves
 * @param cancelled       requests that were cancelled or ran out of time
 * @param refused         requests that were not taken
 * @param failed          requests that broke
 * @param promptTokens    prompt tokens computed
 * @param cachedTokens    prompt tokens taken from earlier requests
 * @param generatedTokens tokens generated
 * @param pages           pages of the cache in use
 * @param pageCapacity    pages in its budget
 * @param cacheBytes      bytes allocated for it
 */
public record EngineStatistics(int waiting, int running, long finished, long cancelled, long refused, long failed,
        long promptTokens, long cachedTokens, long generatedTokens, int pages, int pageCapacity, long cacheBytes) { }
