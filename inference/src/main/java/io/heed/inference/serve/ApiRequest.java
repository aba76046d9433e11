package io.heed.inference.serve;

import java.util.List;

import io.heed.inference.engine.Sampling;

/**
 * What a client wants, checked.
 *
 * @param prompts   token ids, each of which is answered {@code choices} times
 * @param choices   answers to each prompt
 * @param maxTokens most tokens of an answer
 * @param sampling  how tokens are chosen; the i-th answer's seed is i more
 * @param stops     strings that end an answer
 * @param stream    whether to send text as it comes
 * @param usage     whether a stream ends with the usage
 * @param listed    how many of the likeliest tokens to tell beside each; -1 to tell of no likelihoods
 */
record ApiRequest(List<int[]> prompts, int choices, int maxTokens, Sampling sampling, List<String> stops,
        boolean stream, boolean usage, int listed) { }
