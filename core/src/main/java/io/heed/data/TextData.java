package io.heed.data;

import java.util.Locale;

/**
 * Windows of N tokens of a text, each position's target being the next token. A minibatch starts its windows at uniform
 * places; evaluation goes through windows that lie end to end.
 */
public final class TextData implements SequenceData {
    private final String id;
    private final Vocabulary vocabulary;
    private final TokenWindows windows;

    /**
     * @param corpus     the text
     * @param vocabulary its tokens, at most 65,536
     * @param length     N, tokens in a window
     * @throws IllegalArgumentException in one line when a part is shorter than N + 1 tokens or the vocabulary is too
     *         large
     */
    public TextData(TextCorpus corpus, Vocabulary vocabulary, int length) {
        if (length < 1) {
            throw new IllegalArgumentException("length is " + length + ", must be at least 1");
        }
        if (vocabulary.size() > 1 << Character.SIZE) {
            throw new IllegalArgumentException(corpus.id() + " has " + vocabulary.size()
                    + " different characters, at most 65535 are possible; use bytes as tokens");
        }
        this.id = corpus.id();
        this.vocabulary = vocabulary;
        this.windows = new TokenWindows(length);
        for (Split split : Split.values()) {
            int[] encoded = vocabulary.encode(corpus.text(split));
            if (encoded.length < length + 1) {
                throw new IllegalArgumentException("the " + split.name().toLowerCase(Locale.ROOT) + " part of "
                        + id + " has " + encoded.length + " tokens; a window of " + length + " needs " + (length + 1)
                        + ": give a longer text or a smaller length");
            }
            char[] compact = new char[encoded.length];
            for (int i = 0; i < compact.length; i++) {
                compact[i] = (char) encoded[i];
            }
            windows.put(split, compact.length, place -> compact[place]);
        }
    }

    @Override
    public String id() {
        return id;
    }

    /** Turns tokens into text and back. */
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    @Override
    public int vocabularySize() {
        return vocabulary.size();
    }

    @Override
    public int length() {
        return windows.length();
    }

    /** Tokens in a part. */
    public long tokens(Split split) {
        return windows.tokens(split);
    }

    @Override
    public SequenceBatch sample(Split split, int rows, long key) {
        return windows.sample(split, rows, key);
    }

    @Override
    public long windows(Split split) {
        return windows.windows(split);
    }

    @Override
    public SequenceBatch window(Split split, long first, int rows) {
        return windows.window(split, first, rows);
    }
}
