package io.heed.sequence;

import java.util.Arrays;

import io.heed.data.CounterRandom;
import io.heed.data.SequenceBatch;
import io.heed.data.SequenceData;
import io.heed.data.Split;

/**
 * Associative recall in which a pair is one token, so that it takes one layer of attention and no convolution: pairs
 * stand anywhere in the first half among fillers, in the second half each of their keys is asked for once and its value
 * is to be predicted. The distance of a question from its pair is N / 2 on average.
 *
 * <p>Symbols: 0 filler, then the keys as questions, the values as answers, and the pairs, key by key.
 *
 * @param keys     keys to choose from
 * @param values   values to choose from
 * @param length   N, even
 * @param pairs    pairs of an example, with different keys
 * @param heldOut  examples of validation, and of test
 * @param seed     fixes all examples
 */
public record PairRecall(int keys, int values, int length, int pairs, long heldOut, long seed)
        implements SequenceData {
    /** @throws IllegalArgumentException for sizes that do not fit each other */
    public PairRecall {
        if (keys < 1 || values < 1 || heldOut < 1 || length < 2 || length % 2 != 0) {
            throw new IllegalArgumentException("pair recall: keys, values, held out examples and an even length must"
                    + " be positive, got " + keys + ", " + values + ", " + heldOut + ", " + length);
        }
        if (pairs < 1 || pairs > keys || pairs > length / 2) {
            throw new IllegalArgumentException("pair recall: pairs is " + pairs + ", must be from 1 to the keys ("
                    + keys + ") and half of the length (" + length / 2 + ")");
        }
    }

    @Override
    public String id() {
        return "pair-recall";
    }

    @Override
    public int vocabularySize() {
        return 1 + keys + values + keys * values;
    }

    @Override
    public SequenceBatch sample(Split split, int rows, long key) {
        CounterRandom random = new CounterRandom(key);
        long[] numbers = new long[rows];
        for (int row = 0; row < rows; row++) {
            numbers[row] = split == Split.TRAIN ? random.nextLong() : random.nextLong(heldOut);
        }
        return batch(split, numbers);
    }

    @Override
    public long windows(Split split) {
        return heldOut;
    }

    @Override
    public SequenceBatch window(Split split, long first, int rows) {
        if (first < 0 || rows < 1 || first + rows > heldOut) {
            throw new IndexOutOfBoundsException("examples " + first + " to " + (first + rows - 1) + " of " + heldOut);
        }
        long[] numbers = new long[rows];
        for (int row = 0; row < rows; row++) {
            numbers[row] = first + row;
        }
        return batch(split, numbers);
    }

    private SequenceBatch batch(Split split, long[] numbers) {
        long[] tokens = new long[numbers.length * length];
        long[] targets = new long[tokens.length];
        Arrays.fill(targets, SequenceBatch.IGNORED);
        for (int row = 0; row < numbers.length; row++) {
            CounterRandom random = new CounterRandom(CounterRandom.key(seed, split.ordinal(), numbers[row]));
            int[] chosen = drawn(random, keys);
            int[] told = drawn(random, length / 2);
            int[] asked = drawn(random, length / 2);
            for (int pair = 0; pair < pairs; pair++) {
                int value = random.nextInt(values);
                int question = row * length + length / 2 + asked[pair];
                tokens[row * length + told[pair]] = 1 + keys + values + (long) chosen[pair] * values + value;
                tokens[question] = 1 + chosen[pair];
                targets[question] = 1 + keys + value;
            }
        }
        return SequenceBatch.of(tokens, targets, numbers.length, length);
    }

    /** {@code pairs} different numbers below {@code bound}, in random order. */
    private int[] drawn(CounterRandom random, int bound) {
        int[] numbers = new int[bound];
        Arrays.setAll(numbers, i -> i);
        for (int i = 0; i < pairs; i++) {
            int other = i + random.nextInt(bound - i);
            int kept = numbers[i];
            numbers[i] = numbers[other];
            numbers[other] = kept;
        }
        return Arrays.copyOf(numbers, pairs);
    }
}
