package io.heed.insight.sink;

import io.heed.data.CharacterVocabulary;
import io.heed.data.CounterRandom;
import io.heed.data.SequenceBatch;
import io.heed.data.WordNet;

/**
 * Text by a bigram table with back-copies: after a trigger letter (t, e, i) the next character is the one before the
 * trigger, otherwise it is drawn from what follows in English. Only a query that stands on a trigger has something to
 * look for, so that attention which must sum to 1 has to leave its weight somewhere at all the others.
 *
 * <p>Tokens are the text's characters as {@link CharacterVocabulary} numbers them; {@link #constant()}, one more, can
 * be put at a fixed place of every sequence.
 */
final class BackCopy {
    private static final String TRIGGERS = "tei";

    private final int characters;
    private final boolean[] trigger;
    private final double[][] following; // cumulative, by character
    private final double[] starting;

    /** @param text English, from which the tables are counted */
    BackCopy(String text) {
        CharacterVocabulary vocabulary = CharacterVocabulary.of(text);
        characters = vocabulary.size();
        trigger = new boolean[characters];
        for (int token : vocabulary.encode(TRIGGERS)) {
            trigger[token] = true;
        }
        int[] tokens = vocabulary.encode(text);
        double[][] pairs = new double[characters][characters];
        double[] singles = new double[characters];
        for (int i = 0; i + 1 < tokens.length; i++) {
            pairs[tokens[i]][tokens[i + 1]]++;
            singles[tokens[i]]++;
        }
        following = new double[characters][];
        for (int c = 0; c < characters; c++) {
            following[c] = cumulative(pairs[c]);
        }
        starting = cumulative(singles);
    }

    /** By the glosses of WordNet. */
    static BackCopy glosses() {
        return new BackCopy(WordNet.glosses().validation());
    }

    /** V, the constant token included. */
    int vocabulary() {
        return characters + 1;
    }

    /** The token that does not depend on the text. */
    int constant() {
        return characters;
    }

    /**
     * Sequences with the next token as target.
     *
     * @param key      names them
     * @param constant where the constant token stands, -1 for nowhere
     * @param prefix   positions whose target does not count, since they may see it
     */
    SequenceBatch batch(long key, int rows, int length, int constant, int prefix) {
        long[] tokens = new long[rows * length];
        long[] targets = new long[tokens.length];
        for (int row = 0; row < rows; row++) {
            int[] sequence = sequence(new CounterRandom(CounterRandom.key(key, row)), length + 1, constant);
            for (int i = 0; i < length; i++) {
                tokens[row * length + i] = sequence[i];
                boolean counts = i >= prefix - 1 && sequence[i + 1] != constant();
                targets[row * length + i] = counts ? sequence[i + 1] : SequenceBatch.IGNORED;
            }
        }
        return SequenceBatch.of(tokens, targets, rows, length);
    }

    private int[] sequence(CounterRandom random, int length, int constant) {
        int[] sequence = new int[length];
        int last = -1;   // the character before, the constant skipped
        int before = -1; // and the one before that
        for (int i = 0; i < length; i++) {
            if (i == constant) {
                sequence[i] = constant();
                continue;
            }
            int next = last < 0 ? draw(starting, random) : trigger[last] && before >= 0 ? before
                    : draw(following[last], random);
            sequence[i] = next;
            before = last;
            last = next;
        }
        return sequence;
    }

    private static double[] cumulative(double[] counts) {
        double[] sums = counts.clone();
        for (int i = 1; i < sums.length; i++) {
            sums[i] += sums[i - 1];
        }
        for (int i = 0; i < sums.length; i++) {
            sums[i] /= Math.max(1, sums[sums.length - 1]);
        }
        return sums;
    }

    private static int draw(double[] cumulative, CounterRandom random) {
        double at = random.nextDouble();
        int token = 0;
        while (token < cumulative.length - 1 && cumulative[token] <= at) {
            token++;
        }
        return token;
    }
}
