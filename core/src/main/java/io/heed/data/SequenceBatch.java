package io.heed.data;

import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;

/**
 * Token sequences with the token to predict at each position.
 *
 * @param tokens  (B, N) int64
 * @param targets (B, N) int64; {@value #IGNORED} where nothing is to be predicted
 */
public record SequenceBatch(Tensor tokens, Tensor targets) {
    /** Target of a position that neither loss nor metric counts, as in libtorch's cross-entropy. */
    public static final long IGNORED = -100;

    /** A batch of {@code rows} sequences of {@code length} tokens, row after row. */
    public static SequenceBatch of(long[] tokens, long[] targets, int rows, int length) {
        return new SequenceBatch(AbstractTensor.create(tokens, rows, length),
                AbstractTensor.create(targets, rows, length));
    }

    /** Checks the arguments of {@link SequenceData#window}. */
    static void checkWindows(long first, int rows, long windows) {
        if (first < 0 || rows < 1 || first + rows > windows) {
            throw new IndexOutOfBoundsException("windows " + first + " to " + (first + rows - 1) + " of " + windows);
        }
    }
}
