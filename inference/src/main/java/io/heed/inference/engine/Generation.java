package io.heed.inference.engine;

/** A request that was taken. */
public interface Generation {
    /** Stops it soon; its listener hears {@link FinishReason#CANCELLED}. No effect once it ended. */
    void cancel();

    /** Tokens of the prompt. */
    int promptTokens();

    /** Tokens of the prompt whose keys and values an earlier request had left; 0 until it runs. */
    int cachedTokens();

    /** Tokens generated so far. */
    int generatedTokens();
}
