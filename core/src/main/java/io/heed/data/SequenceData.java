package io.heed.data;

/**
 * Token sequences of one length N, split three ways. Stateless and thread-safe: a minibatch is a function of a key, an
 * evaluation window of its number.
 */
public interface SequenceData {
    /** Short name, e.g. {@code wordnet} or {@code mqar}. */
    String id();

    /** V: tokens are in [0, V). */
    int vocabularySize();

    /** N, tokens in one sequence. */
    int length();

    /**
     * A minibatch of {@code rows} sequences of {@code split}, drawn by {@code key} alone (in training,
     * {@code Step.key()}). The tensors belong to the caller's {@code PointerScope}.
     */
    SequenceBatch sample(Split split, int rows, long key);

    /** Sequences that an evaluation of {@code split} goes through once, at least 1. */
    long windows(Split split);

    /**
     * Evaluation sequences {@code first} to {@code first + rows - 1} of {@code split}: the same on every call and
     * machine.
     *
     * @throws IndexOutOfBoundsException when they are not all in [0, {@link #windows})
     */
    SequenceBatch window(Split split, long first, int rows);
}
