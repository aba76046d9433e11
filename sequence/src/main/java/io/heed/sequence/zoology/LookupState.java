package io.heed.sequence.zoology;

import java.util.Arrays;
import java.util.stream.LongStream;

import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerState;

/** The state of sparse lookups: keys and values of all tokens, and the scores with which they were selected or not. */
final class LookupState implements MixerState {
    private final KeyValueCache cache;
    private float[][] scores; // by sequence
    private double[] logSums; // of the exponentials of a sequence's scores

    LookupState(long batch) {
        cache = new KeyValueCache(batch);
        forget();
    }

    private void forget() {
        scores = new float[(int) cache.batch()][0];
        logSums = new double[(int) cache.batch()];
        Arrays.fill(logSums, Double.NEGATIVE_INFINITY);
    }

    /** Takes the scores of the next token of every sequence; the softmax over the tokens so far gives it so much. */
    float[] shares(float[] next) {
        float[] shares = new float[next.length];
        for (int b = 0; b < next.length; b++) {
            double largest = Math.max(logSums[b], next[b]);
            logSums[b] = largest + Math.log(Math.exp(logSums[b] - largest) + Math.exp(next[b] - largest));
            shares[b] = (float) Math.exp(next[b] - logSums[b]);
        }
        return shares;
    }

    KeyValueCache cache() {
        return cache;
    }

    /** Takes the score of the token that was appended to the cache; whether it is selected. */
    boolean selects(int sequence, float score, int lookups) {
        float[] earlier = scores[sequence];
        int tokens = (int) cache.position();
        if (earlier.length < tokens) {
            earlier = Arrays.copyOf(earlier, 2 * tokens);
            scores[sequence] = earlier;
        }
        earlier[tokens - 1] = score;
        int higher = 0;
        for (int t = 0; t < tokens - 1; t++) {
            higher += earlier[t] >= score ? 1 : 0;
        }
        return higher < Selection.count(lookups, tokens);
    }

    @Override
    public long batch() {
        return cache.batch();
    }

    @Override
    public long position() {
        return cache.position();
    }

    @Override
    public long bytes() {
        return cache.bytes() + batch() * position() * Float.BYTES;
    }

    @Override
    public void reset() {
        cache.reset();
        forget();
    }

    @Override
    public void select(long... rows) {
        cache.select(rows);
        float[][] old = scores;
        double[] sums = logSums;
        scores = LongStream.of(rows).mapToObj(row -> old[(int) row].clone()).toArray(float[][]::new);
        logSums = LongStream.of(rows).mapToDouble(row -> sums[(int) row]).toArray();
    }

    @Override
    public void close() {
        cache.close();
    }
}
