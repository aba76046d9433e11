package io.heed.inference.engine;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;

/**
 * What to generate.
 *
 * @param prompt    token ids, at least one
 * @param maxTokens tokens to generate at most
 * @param sampling  how tokens are chosen
 * @param stops     tokens that end the text; they are not handed on
 * @param timeout   longest time from submission to the end
 */
public record GenerationRequest(int[] prompt, int maxTokens, Sampling sampling, Set<Integer> stops, Duration timeout) {
    /** No limit that anyone would live to see. */
    public static final Duration NO_TIMEOUT = Duration.ofDays(365);

    /** @throws IllegalArgumentException in one line when there is no prompt or nothing to generate */
    public GenerationRequest {
        Objects.requireNonNull(sampling, "sampling");
        Objects.requireNonNull(timeout, "timeout");
        prompt = prompt.clone();
        stops = Set.copyOf(stops);
        if (prompt.length == 0) {
            throw new IllegalArgumentException("the prompt is empty: a model needs at least one token to go on from");
        }
        if (maxTokens < 1) {
            throw new IllegalArgumentException("max tokens is " + maxTokens + ", must be at least 1");
        }
    }

    /** A copy of the prompt. */
    @Override
    public int[] prompt() {
        return prompt.clone();
    }
}
