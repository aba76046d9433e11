package io.heed.inference.engine;

/** Why a generation ended. */
public enum FinishReason {
    /** The model wrote a token that ends a text, or the listener had enough. */
    STOP,
    /** As many tokens as were allowed, or the context was full. */
    LENGTH,
    /** Somebody cancelled it. */
    CANCELLED,
    /** Its time was over. */
    TIMEOUT,
    /** Something broke. */
    ERROR
}
