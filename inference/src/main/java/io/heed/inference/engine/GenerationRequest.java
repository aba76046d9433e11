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
 * @param listed    how many of the likeliest tokens to hand on beside each one, at most {@link Likelihood#MOST};
 *                  {@link #PLAIN} for tokens without their likelihood
 */
public record GenerationRequest(int[] prompt, int maxTokens, Sampling sampling, Set<Integer> stops, Duration timeout,
        int listed) {
    /** Tokens are handed on without how likely they were. */
    public static final int PLAIN = -1;

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
        if (listed < PLAIN || listed > Likelihood.MOST) {
            throw new IllegalArgumentException("likeliest tokens to list are " + listed + ", must be 0 to "
                    + Likelihood.MOST);
        }
    }

    /** One that hands on plain tokens. */
    public GenerationRequest(int[] prompt, int maxTokens, Sampling sampling, Set<Integer> stops, Duration timeout) {
        this(prompt, maxTokens, sampling, stops, timeout, PLAIN);
    }

    /** The same with other most tokens. */
    GenerationRequest withMaxTokens(int maxTokens) {
        return new GenerationRequest(prompt, maxTokens, sampling, stops, timeout, listed);
    }

    /** A copy of the prompt. */
    @Override
    public int[] prompt() {
        return prompt.clone();
    }
}
