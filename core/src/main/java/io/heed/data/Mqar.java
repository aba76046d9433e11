package io.heed.data;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Multi-query associative recall (Arora et al., Zoology, ICLR 2024, section 4 and appendix): the context lists K
 * key-value pairs; later each key comes again, and the model must predict its value there.
 *
 * <p>Per example: K distinct keys from {1, .., V/2 - 1} and K distinct values from {V/2, .., V - 1}; the context
 * {@code k1 v1 .. kK vK}; then {@code (N - 2K) / 2} slots of two positions each, from which K distinct gaps are drawn
 * with probabilities proportional to {@code i^(a-1)}, i = 1, 2, .. (most queries come soon). Query j stands at
 * {@code 2K + 2 g_j} and is labelled with its value at the same position. All else is filler 0, without label.
 *
 * <p>Without replacement in proportion to p is the K smallest of {@code E_i / p_i} with exponential E_i, in their
 * order: the same distribution as sequential draws with renormalisation.
 *
 * @param vocabularySize   V, more than N
 * @param length           N, even
 * @param pairs            K, at most N / 4
 * @param powerA           a, the exponent of the gap distribution
 * @param randomNonQueries whether filler becomes uniform symbols from [0, V), which may repeat keys and values
 * @param trainExamples    examples that training re-uses; 0 draws fresh ones for ever
 * @param heldOutExamples  examples of validation, and of test
 * @param seed             fixes all examples
 */
public record Mqar(int vocabularySize, int length, int pairs, double powerA, boolean randomNonQueries,
                   long trainExamples, long heldOutExamples, long seed) implements SequenceData {
    /** @throws IllegalArgumentException in one line that names the argument when one is out of its range */
    public Mqar {
        if (length < 4 || length % 2 != 0) {
            throw new IllegalArgumentException("length is " + length + ", must be even and at least 4");
        }
        if (vocabularySize <= length) {
            throw new IllegalArgumentException("vocabularySize is " + vocabularySize
                    + ", must be more than the length ("
                    + length + ")");
        }
        if (pairs < 1 || 4 * (long) pairs > length) {
            throw new IllegalArgumentException("pairs is " + pairs + ", must be from 1 to a quarter of the length ("
                    + length / 4 + ")");
        }
        if (!Double.isFinite(powerA)) {
            throw new IllegalArgumentException("powerA is " + powerA + ", must be finite");
        }
        if (trainExamples < 0 || heldOutExamples < 1) {
            throw new IllegalArgumentException("trainExamples is " + trainExamples + " and heldOutExamples "
                    + heldOutExamples + ", must be at least 0 and 1");
        }
    }

    /**
     * The paper's setting for V, N and K: a = 0.01, random filler, fresh training examples, 3000 held out, seed 123.
     */
    public static Mqar of(int vocabularySize, int length, int pairs) {
        return new Mqar(vocabularySize, length, pairs, 0.01, true, 0, 3000, 123);
    }

    /** This with training examples that are re-used. */
    public Mqar withTrainExamples(long trainExamples) {
        return new Mqar(vocabularySize, length, pairs, powerA, randomNonQueries, trainExamples, heldOutExamples, seed);
    }

    /**
     * One example.
     *
     * @param inputs N symbols
     * @param labels N labels, {@link SequenceBatch#IGNORED} except at queries
     */
    public record Example(long[] inputs, long[] labels) { }

    /**
     * The deterministic core: places keys, values and queries; all else is 0.
     *
     * @param keys   K keys
     * @param values K values
     * @param gaps   K distinct slots in [0, (N - 2K) / 2)
     * @param length N
     */
    public static Example place(long[] keys, long[] values, long[] gaps, int length) {
        int context = 2 * keys.length;
        long[] inputs = new long[length];
        long[] labels = new long[length];
        Arrays.fill(labels, SequenceBatch.IGNORED);
        for (int j = 0; j < keys.length; j++) {
            inputs[2 * j] = keys[j];
            inputs[2 * j + 1] = values[j];
            int query = Math.toIntExact(context + 2 * gaps[j]);
            inputs[query] = keys[j];
            labels[query] = values[j];
        }
        return new Example(inputs, labels);
    }

    /** Probabilities of the gaps, {@code p_i} proportional to {@code a i^(a-1)}, i = 1 to (N - 2K) / 2. */
    public static double[] gapProbabilities(int length, int pairs, double powerA) {
        double[] p = new double[(length - 2 * pairs) / 2];
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            p[i] = StrictMath.pow(i + 1, powerA - 1);
            sum += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return p;
    }

    /** Example {@code number} of {@code split}. */
    public Example example(Split split, long number) {
        return draw(CounterRandom.key(seed, split.ordinal(), number), gapProbabilities(length, pairs, powerA));
    }

    private Example draw(long key, double[] probabilities) {
        CounterRandom random = new CounterRandom(key);
        int half = vocabularySize / 2;
        long[] keys = distinct(random, 1, half);
        long[] values = distinct(random, half, vocabularySize);
        Example example = place(keys, values, gaps(random, probabilities), length);
        if (randomNonQueries) {
            for (int i = 0; i < length; i++) {
                if (example.inputs[i] == 0) {
                    example.inputs[i] = random.nextInt(vocabularySize);
                }
            }
        }
        return example;
    }

    /** K distinct symbols of [from, to) in random order; K is less than half of them, so few draws are rejected. */
    private long[] distinct(CounterRandom random, int from, int to) {
        BitSet drawn = new BitSet(to - from);
        long[] symbols = new long[pairs];
        for (int j = 0; j < pairs; ) {
            int symbol = random.nextInt(to - from);
            if (!drawn.get(symbol)) {
                drawn.set(symbol);
                symbols[j++] = from + symbol;
            }
        }
        return symbols;
    }

    private long[] gaps(CounterRandom random, double[] probabilities) {
        double[] race = new double[probabilities.length];
        for (int i = 0; i < race.length; i++) {
            race[i] = -StrictMath.log(1 - random.nextDouble()) / probabilities[i];
        }
        long[] gaps = new long[pairs];
        for (int j = 0; j < pairs; j++) {
            int first = 0;
            for (int i = 1; i < race.length; i++) {
                first = race[i] < race[first] ? i : first;
            }
            gaps[j] = first;
            race[first] = Double.POSITIVE_INFINITY;
        }
        return gaps;
    }

    @Override
    public String id() {
        return "mqar";
    }

    @Override
    public SequenceBatch sample(Split split, int rows, long key) {
        long[] numbers = new long[rows];
        CounterRandom random = new CounterRandom(key);
        long examples = split == Split.TRAIN ? trainExamples : heldOutExamples;
        for (int row = 0; row < rows; row++) {
            numbers[row] = examples == 0 ? random.nextLong() : random.nextLong(examples);
        }
        return batch(split, numbers);
    }

    /**
     * Held-out examples, or the re-used training examples; fresh training examples count as {@code heldOutExamples}.
     */
    @Override
    public long windows(Split split) {
        return split == Split.TRAIN && trainExamples > 0 ? trainExamples : heldOutExamples;
    }

    @Override
    public SequenceBatch window(Split split, long first, int rows) {
        SequenceBatch.checkWindows(first, rows, windows(split));
        long[] numbers = new long[rows];
        for (int row = 0; row < rows; row++) {
            numbers[row] = first + row;
        }
        return batch(split, numbers);
    }

    private SequenceBatch batch(Split split, long[] numbers) {
        double[] probabilities = gapProbabilities(length, pairs, powerA);
        long[] inputs = new long[numbers.length * length];
        long[] labels = new long[numbers.length * length];
        for (int row = 0; row < numbers.length; row++) {
            Example example = draw(CounterRandom.key(seed, split.ordinal(), numbers[row]), probabilities);
            System.arraycopy(example.inputs, 0, inputs, row * length, length);
            System.arraycopy(example.labels, 0, labels, row * length, length);
        }
        return SequenceBatch.of(inputs, labels, numbers.length, length);
    }
}
