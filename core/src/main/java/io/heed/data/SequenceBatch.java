package io.heed.data;

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
}
