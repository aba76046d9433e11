package io.heed.sequence;

/**
 * What a causal mixer remembers of the tokens it has seen, for decoding one token at a time. Every mixer has its own
 * kind: softmax attention's is a key/value cache that grows, linear attention's a matrix a head, a convolution's its
 * last inputs.
 *
 * <p>A state holds native memory outside of any pointer scope until it is closed. It belongs to one thread at a time.
 */
public interface MixerState extends AutoCloseable {
    /** B, sequences decoded side by side. */
    long batch();

    /** Tokens seen by each sequence. */
    long position();

    /** Bytes that what is remembered takes now; spare room of a growing buffer not counted. */
    long bytes();

    /** Forgets everything: as after {@link SequenceMixer#state(long)}. */
    void reset();

    /**
     * Keeps the given rows of the batch, in the given order; a row may be taken twice (beam search).
     *
     * @throws IndexOutOfBoundsException for a row that does not exist
     */
    void select(long... rows);

    /** Frees the native memory. Closing twice does nothing. */
    @Override
    void close();
}
