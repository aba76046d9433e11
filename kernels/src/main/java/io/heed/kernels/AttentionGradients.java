package io.heed.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Where the backward pass writes its results; null for what is not wanted, which is then not computed either.
 *
 * @param query         dq, (B, H, Nq, d)
 * @param key           dk, (B, Hkv, Nk, d)
 * @param value         dv, (B, Hkv, Nk, dv)
 * @param relativeTable gradient of {@link Bias.RelativeTable}, summed over sequences, (H, left + 1 + right) contiguous
 * @param denseBias     gradient of {@link Bias.Dense}, of the bias's shape, summed over what one bias served
 */
public record AttentionGradients(Rows query, Rows key, Rows value, MemorySegment relativeTable, Rows denseBias) {
    /** Gradients of queries, keys and values; any may be null. */
    public static AttentionGradients of(Rows query, Rows key, Rows value) {
        return new AttentionGradients(query, key, value, null, null);
    }

    /** The same and the gradient of the relative table. */
    public AttentionGradients withRelativeTable(MemorySegment relativeTable) {
        return new AttentionGradients(query, key, value, relativeTable, denseBias);
    }

    /** The same and the gradient of the dense bias. */
    public AttentionGradients withDenseBias(Rows denseBias) {
        return new AttentionGradients(query, key, value, relativeTable, denseBias);
    }

    void check(AttentionShape shape, AttentionSpec spec) {
        if (query != null) {
            shape.checkLikeQueries("dq", query);
            AttentionShape.checkDistinct("dq", query);
        }
        if (key != null) {
            shape.checkLikeKeys("dk", key, "k", shape.width());
            AttentionShape.checkDistinct("dk", key);
        }
        if (value != null) {
            shape.checkLikeKeys("dv", value, "v", shape.valueWidth());
            AttentionShape.checkDistinct("dv", value);
        }
        if (relativeTable != null) {
            if (!(spec.bias() instanceof Bias.RelativeTable table)) {
                throw new IllegalArgumentException("relative table gradient: wanted, but the bias is "
                        + name(spec.bias()));
            }
            AttentionShape.holds("relative table gradient", relativeTable, (long) shape.heads() * table.width(),
                    "(H, left + 1 + right) = (" + shape.heads() + ", " + table.width() + ")");
        }
        if (denseBias != null) {
            if (!(spec.bias() instanceof Bias.Dense dense)) {
                throw new IllegalArgumentException("dense bias gradient: wanted, but the bias is " + name(spec.bias()));
            }
            AttentionShape.same("dense bias gradient", "batch", denseBias.batch(), "dense bias",
                    dense.values().batch());
            AttentionShape.same("dense bias gradient", "heads", denseBias.heads(), "dense bias",
                    dense.values().heads());
            shape.checkDense("dense bias gradient", denseBias);
            AttentionShape.checkDistinct("dense bias gradient", denseBias);
        }
    }

    private static String name(Bias bias) {
        return bias.getClass().getSimpleName();
    }
}
