package io.heed.inference.engine;

import java.util.Arrays;

import io.heed.inference.cache.SequenceCache;

/** One request on its way through the engine. All but cancelling happens on the engine's thread, or under its lock. */
final class Sequence implements Generation {
    private final GenerationRequest request;
    private final int[] prompt;
    private final TokenListener listener;
    private final Sampler sampler;
    private final long deadline;
    private SequenceCache cache;
    private volatile boolean cancelled;
    private volatile int cachedTokens;
    private volatile int generated;
    private int last;
    private FinishReason reason; // null while it goes on

    Sequence(GenerationRequest request, TokenListener listener) {
        this.request = request;
        this.prompt = request.prompt();
        this.listener = listener;
        this.sampler = new Sampler(request.sampling(), prompt);
        this.deadline = System.nanoTime() + request.timeout().toNanos();
    }

    GenerationRequest request() {
        return request;
    }

    int[] prompt() {
        return prompt;
    }

    /** The longest it may grow. */
    int limit() {
        return prompt.length + request.maxTokens();
    }

    SequenceCache cache() {
        return cache;
    }

    void admit(SequenceCache admitted) {
        cache = admitted;
        cachedTokens = admitted.length();
    }

    /** Prompt tokens that are not computed yet. */
    int pending() {
        return Math.max(0, prompt.length - cache.length());
    }

    /** The next tokens of the prompt, {@code most} at most. */
    int[] next(int most) {
        int from = cache.length();
        return Arrays.copyOfRange(prompt, from, Math.min(prompt.length, from + most));
    }

    /** The token that the next step computes. */
    int last() {
        return last;
    }

    boolean isOver() {
        return cancelled || System.nanoTime() - deadline > 0;
    }

    boolean hasEnded() {
        return reason != null;
    }

    /** Chooses the next token and hands it on; ends the sequence when it was the last. */
    void accept(float[] logits, int at, int vocabulary) {
        float[] raw = request.listed() == GenerationRequest.PLAIN ? null
                : Arrays.copyOfRange(logits, at, at + vocabulary);
        int token = sampler.choose(logits, at, vocabulary);
        if (request.stops().contains(token)) {
            generated = generated + 1;
            end(FinishReason.STOP, null);
            return;
        }
        last = token;
        generated = generated + 1;
        boolean more;
        try {
            more = raw == null ? listener.token(token)
                    : listener.token(Likelihood.of(token, raw, 0, vocabulary, request.listed()));
        } catch (RuntimeException e) {
            end(FinishReason.ERROR, e);
            return;
        }
        if (!more) {
            end(FinishReason.STOP, null);
        } else if (generated == request.maxTokens()) {
            end(FinishReason.LENGTH, null);
        }
    }

    /** Ends it because {@link #isOver}. */
    void endEarly() {
        end(cancelled ? FinishReason.CANCELLED : FinishReason.TIMEOUT, null);
    }

    void end(FinishReason reason, Throwable failure) {
        if (this.reason != null) {
            return;
        }
        this.reason = reason;
        if (cache != null) {
            cache.close();
        }
        try {
            listener.end(reason, failure);
        } catch (RuntimeException e) {
            // the listener is gone; there is nobody left to tell
        }
    }

    FinishReason reason() {
        return reason;
    }

    @Override
    public void cancel() {
        cancelled = true;
    }

    @Override
    public int promptTokens() {
        return prompt.length;
    }

    @Override
    public int cachedTokens() {
        return cachedTokens;
    }

    @Override
    public int generatedTokens() {
        return generated;
    }
}
