package io.heed.nn;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** Channels to heads and back, as views where memory allows. */
public final class Heads {
    private Heads() { }

    /** (B, N, H d) to (B, H, N, d), a view. */
    public static Tensor split(Tensor x, int heads) {
        return x.unflatten(-1, heads, x.size(-1) / heads).transpose(1, 2);
    }

    /** (B, G, N, d) to (B, heads, N, d): every head heads / G times, as grouped query heads share it. */
    public static Tensor repeat(Tensor x, long heads) {
        if (x.size(1) == heads) {
            return x;
        }
        try (LongOptional dimension = new LongOptional(1); LongOptional size = new LongOptional()) {
            return x.repeat_interleave(heads / x.size(1), dimension, size);
        }
    }

    /**
     * (B, H, N, d) to (B, N, H d): a view where the rows of all heads lie side by side, as the fused kernels leave
     * them.
     */
    public static Tensor merge(Tensor x) {
        return x.transpose(1, 2).flatten(2, 3);
    }

    /**
     * A new tensor (B, H, N, d) of the shape of {@code x} whose memory is (B, N, H, d), so that {@link #merge} is a
     * view.
     */
    public static Tensor emptyLike(Tensor x) {
        return x.new_empty(x.size(0), x.size(2), x.size(1), x.size(3)).transpose(1, 2);
    }

    /**
     * Query, key and value heads of a packed projection.
     *
     * @param packed (B, N, (H + 2 G) d): H query heads, then G key heads, then G value heads
     * @return q (B, H, N, d), k and v (B, G, N, d), views
     */
    public static Tensor[] unpack(Tensor packed, int heads, int keyValueHeads) {
        long d = packed.size(-1) / (heads + 2L * keyValueHeads);
        TensorVector parts = packed.split_with_sizes(new long[] {heads * d, keyValueHeads * d, keyValueHeads * d}, -1);
        return new Tensor[] {split(parts.get(0), heads), split(parts.get(1), keyValueHeads),
            split(parts.get(2), keyValueHeads)};
    }
}
