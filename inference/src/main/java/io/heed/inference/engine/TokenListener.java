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
     * The next token with how likely it was, for a request that asks for that; called in place of {@link #token(int)}.
     *
     * @return whether to go on
     */
    default boolean token(Likelihood likelihood) {
        return token(likelihood.token());
    }

    /**
     * The end; nothing follows.
     *
     * @param failure what broke when the reason is {@link FinishReason#ERROR}, else null
     */
    void end(FinishReason reason, Throwable failure);
}
