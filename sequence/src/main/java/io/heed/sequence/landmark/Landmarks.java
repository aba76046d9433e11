package io.heed.sequence.landmark;

import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/**
 * Where landmarks stand.
 *
 * @param mask  (B, N) or (1, N) bool
 * @param block tokens of a block, landmark included, where all sequences have one at the end of every block and
 *              nowhere else
 *              (longer than the sequences where there is none); else 0
 */
public record Landmarks(Tensor mask, int block) {
    /** One landmark at the end of every {@code block} tokens of a sequence of {@code length}. */
    public static Landmarks every(int block, long length) {
        boolean[] mask = new boolean[Math.toIntExact(length)];
        for (int t = 0; t < mask.length; t++) {
            mask[t] = t % block == block - 1;
        }
        return new Landmarks(Ops.of(mask, 1, length), block);
    }

    /** Landmarks as given, (B, N) bool. */
    public static Landmarks of(Tensor mask) {
        boolean[] given = Ops.booleans(mask);
        int length = Math.toIntExact(mask.size(1));
        int block = 1;
        while (block <= length && !given[block - 1]) {
            block++;
        }
        boolean regular = block > 1;
        for (int i = 0; i < given.length && regular; i++) {
            regular = given[i] == (i % length % block == block - 1);
        }
        return new Landmarks(mask, regular ? block : 0);
    }
}
