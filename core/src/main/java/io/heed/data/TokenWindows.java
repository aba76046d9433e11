package io.heed.data;

import java.util.function.IntUnaryOperator;

/**
 * Windows of N tokens cut from the parts of one text, each position's target being the next token: at uniform places
 * for a minibatch, end to end for evaluation.
 */
final class TokenWindows {
    private final int length;
    private final Part[] parts = new Part[Split.values().length];

    /** The tokens of one part: how many, and the one at a place. */
    private record Part(int tokens, IntUnaryOperator at) { }

    /** @param length N */
    TokenWindows(int length) {
        this.length = length;
    }

    /** Takes {@code tokens} tokens of a part, more than N, the one at a place being {@code at}'s. */
    void put(Split split, int tokens, IntUnaryOperator at) {
        parts[split.ordinal()] = new Part(tokens, at);
    }

    int length() {
        return length;
    }

    /** Tokens in a part. */
    int tokens(Split split) {
        return parts[split.ordinal()].tokens;
    }

    /** Windows that lie end to end in a part. */
    long windows(Split split) {
        return (tokens(split) - 1) / length;
    }

    /** Windows at places that {@code key} decides. */
    SequenceBatch sample(Split split, int rows, long key) {
        CounterRandom random = new CounterRandom(key);
        int places = tokens(split) - length;
        int[] starts = new int[rows];
        for (int row = 0; row < rows; row++) {
            starts[row] = random.nextInt(places);
        }
        return batch(split, starts);
    }

    /** Windows from the {@code first} on, end to end. */
    SequenceBatch window(Split split, long first, int rows) {
        SequenceBatch.checkWindows(first, rows, windows(split));
        int[] starts = new int[rows];
        for (int row = 0; row < rows; row++) {
            starts[row] = (int) (first + row) * length;
        }
        return batch(split, starts);
    }

    private SequenceBatch batch(Split split, int[] starts) {
        IntUnaryOperator at = parts[split.ordinal()].at;
        long[] inputs = new long[starts.length * length];
        long[] targets = new long[inputs.length];
        for (int row = 0; row < starts.length; row++) {
            for (int i = 0; i < length; i++) {
                inputs[row * length + i] = at.applyAsInt(starts[row] + i);
                targets[row * length + i] = at.applyAsInt(starts[row] + i + 1);
            }
        }
        return SequenceBatch.of(inputs, targets, starts.length, length);
    }
}
