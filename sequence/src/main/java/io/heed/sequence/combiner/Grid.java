package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/**
 * Tokens as rows of S: token (u, s) in row u and column s, the last row filled up with zeros that are hidden.
 *
 * @param queries (B, H, n, S, d), scaled
 * @param keys    (B, H, n, S, d)
 * @param values  (B, H, n, S, d)
 * @param hidden  bool (B, 1, n, S), true where there is no token that counts
 */
record Grid(Tensor queries, Tensor keys, Tensor values, Tensor hidden) {
    /** Rows of {@code segment} from q, k, v (B, H, N, d). */
    static Grid of(int segment, Tensor q, Tensor k, Tensor v, Padding padding) {
        long rows = (q.size(2) + segment - 1) / segment;
        long missing = rows * segment - q.size(2);
        return new Grid(split(filled(q, missing), rows, segment), split(filled(k, missing), rows, segment),
                split(filled(v, missing), rows, segment), split(hidden(q, padding, missing), rows, segment));
    }

    /** n. */
    long rows() {
        return queries.size(2);
    }

    /** S. */
    long segment() {
        return queries.size(3);
    }

    /** The same with every row turned back to front. */
    Grid mirrored() {
        return new Grid(queries.flip(3), keys.flip(3), values.flip(3), hidden.flip(3));
    }

    /** The same with columns for rows. */
    Grid turned() {
        return new Grid(queries.transpose(2, 3), keys.transpose(2, 3), values.transpose(2, 3), hidden.transpose(2, 3));
    }

    /** Logits of lines of queries (..., m, d) by lines of keys (..., c, d), -infinity where {@code mask} is true. */
    static Tensor logits(Tensor queries, Tensor keys, Tensor mask) {
        return Ops.fill(queries.matmul(keys.transpose(-2, -1)), mask, Double.NEGATIVE_INFINITY);
    }

    /** True above the diagonal {@code from} of (size, size). */
    static Tensor above(long size, long from, Tensor like) {
        return torch.ones(new long[] {size, size}, Ops.options(torch.ScalarType.Bool)).triu(from)
                .to(like.device(), torch.ScalarType.Bool);
    }

    private static Tensor split(Tensor x, long rows, long segment) {
        return x.unflatten(2, rows, segment);
    }

    /** True for padded tokens and for {@code missing} places beyond the sequence, (B, 1, N + missing). */
    private static Tensor hidden(Tensor q, Padding padding, long missing) {
        TensorOptions bool = Ops.options(torch.ScalarType.Bool);
        Tensor mask = padding == null ? torch.zeros(new long[] {q.size(0), q.size(2)}, bool) : padding.mask();
        Tensor beyond = torch.ones(new long[] {q.size(0), missing}, bool);
        return Ops.cat(1, mask, beyond).unsqueeze(1).to(q.device(), torch.ScalarType.Bool);
    }

    /** {@code missing} rows of zeros after dimension 2 of (B, H, N, d). */
    static Tensor filled(Tensor x, long missing) {
        return missing == 0 ? x
                : Ops.cat(2, x, torch.zeros(new long[] {x.size(0), x.size(1), missing, x.size(3)}, x.options()));
    }
}
