package io.heed.nn;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.kernels.KeyPadding;
import io.heed.tensor.Ops;

/**
 * Which positions of a batch hold no token. Computed once a batch and shared by all layers.
 *
 * <p>The mask is (B, N) bool, {@code true} at a padded position. Where every sequence is padded at its end only, as
 * batches usually are, {@link #lengths()} says how many tokens each has, which is what the fused kernels take.
 */
public final class Padding {
    private final Tensor mask;
    private final byte[] exists;
    private final int[] lengths;

    /**
     * @param mask (B, N) bool, true at padded positions
     * @throws IllegalArgumentException for another shape or type
     */
    public Padding(Tensor mask) {
        if (mask.dim() != 2 || Ops.type(mask) != ScalarType.Bool) {
            throw new IllegalArgumentException("a padding mask is a (B, N) tensor of type Bool, got "
                    + Ops.shape(mask) + " of type " + Ops.type(mask));
        }
        this.mask = mask;
        this.exists = exists(mask);
        this.lengths = endPadded(exists, (int) mask.size(0), (int) mask.size(1));
    }

    /** Sequences of the given lengths, padded at their end to {@code positions}. */
    public static Padding ofLengths(int positions, int... lengths) {
        boolean[] padded = new boolean[lengths.length * positions];
        for (int b = 0; b < lengths.length; b++) {
            if (lengths[b] < 0 || lengths[b] > positions) {
                throw new IllegalArgumentException("length " + lengths[b] + " of sequence " + b
                        + " is not within 0 and "
                        + positions);
            }
            Arrays.fill(padded, b * positions + lengths[b], (b + 1) * positions, true);
        }
        return new Padding(Ops.of(padded, lengths.length, positions));
    }

    /** (B, N) bool, true at padded positions. */
    public Tensor mask() {
        return mask;
    }

    /** Tokens of each sequence, where padding stands at the end only. */
    public Optional<int[]> lengths() {
        return Optional.ofNullable(lengths).map(int[]::clone);
    }

    /** The same for the attention kernels: which keys exist. */
    public KeyPadding keys() {
        return lengths == null ? KeyPadding.flags(MemorySegment.ofArray(exists)) : KeyPadding.lengths(lengths);
    }

    /** Whether each key exists, as one byte a position. */
    private static byte[] exists(Tensor mask) {
        try (PointerScope _ = new PointerScope()) {
            byte[] exists = new byte[Math.toIntExact(mask.numel())];
            mask.logical_not().to(ScalarType.Byte).cpu().contiguous().data_ptr_byte().get(exists);
            return exists;
        }
    }

    /** The lengths where every sequence is padded at its end only, else null. */
    private static int[] endPadded(byte[] exists, int batch, int positions) {
        int[] lengths = new int[batch];
        for (int b = 0; b < batch; b++) {
            int at = b * positions;
            int length = 0;
            while (length < positions && exists[at + length] != 0) {
                length++;
            }
            for (int i = length; i < positions; i++) {
                if (exists[at + i] != 0) {
                    return null;
                }
            }
            lengths[b] = length;
        }
        return lengths;
    }
}
