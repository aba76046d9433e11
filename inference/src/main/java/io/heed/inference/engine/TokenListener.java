package io.heed.inference.engine;

/** Receives the tokens of one generation, on the engine's thread: it must not block. */
public interface TokenListener {
    /**
     * The next token.
     *
     * @return whether to go on
     */
    boolean token(int id);

    /**
     * The end; nothing follows.
     *
     * @param failure what broke when the reason is {@link FinishReason#ERROR}, else null
     */
    void end(FinishReason reason, Throwable failure);
}
