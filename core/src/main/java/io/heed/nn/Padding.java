package io.heed.nn;

import java.util.Arrays;
import java.util.Optional;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Which positions of a batch hold no token. Computed once a batch and shared by all layers.
 *
 * <p>The mask is (B, N) bool, {@code true} at a padded position. Where every sequence is padded at its end only, as batches
 * usually are, {@link #lengths()} says how many tokens each has, which is what the fused kernels take.
 */
public final class Padding {
    private final Tensor mask;
    private final int[] lengths;

    /**
     * @param mask (B, N) bool, true at padded positions
     * @throws IllegalArgumentException for another shape or type
     */
    public Padding(Tensor mask) {
        if (mask.dim() != 2 || mask.scalar_type() != ScalarType.Bool) {
            throw new IllegalArgumentException("a padding mask is a (B, N) tensor of type Bool, got "
                    + Arrays.toString(mask.sizes().vec().get()) + " of type " + mask.scalar_type());
        }
        this.mask = mask;
        this.lengths = endPadded(mask);
    }

    /** Sequences of the given lengths, padded at their end to {@code positions}. */
    public static Padding ofLengths(int positions, int... lengths) {
        boolean[] padded = new boolean[lengths.length * positions];
        for (int b = 0; b < lengths.length; b++) {
            if (lengths[b] < 0 || lengths[b] > positions) {
                throw new IllegalArgumentException("length " + lengths[b] + " of sequence " + b + " is not within 0 and "
                        + positions);
            }
            Arrays.fill(padded, b * positions + lengths[b], (b + 1) * positions, true);
        }
        long[] shape = {lengths.length, positions};
        return new Padding(Tensor.create(padded, shape));
    }

    /** (B, N) bool, true at padded positions. */
    public Tensor mask() {
        return mask;
    }

    /** Tokens of each sequence, where padding stands at the end only. */
    public Optional<int[]> lengths() {
        return Optional.ofNullable(lengths).map(int[]::clone);
    }

    private static int[] endPadded(Tensor mask) {
        long batch = mask.size(0);
        long positions = mask.size(1);
        boolean[] padded = new boolean[Math.toIntExact(batch * positions)];
        Tensor bytes = mask.to(ScalarType.Byte).cpu().contiguous();
        byte[] flags = new byte[padded.length];
        bytes.data_ptr_byte().get(flags);
        int[] lengths = new int[(int) batch];
        for (int b = 0; b < batch; b++) {
            int at = (int) (b * positions);
            int end = (int) (at + positions);
            int length = 0;
            while (at + length < end && flags[at + length] == 0) {
                length++;
            }
            for (int i = at + length; i < end; i++) {
                if (flags[i] == 0) {
                    return null;
                }
            }
            lengths[b] = length;
        }
        return lengths;
    }
}
