package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/**
 * One key and one value for each group: kbar and vbar of the package's equations.
 *
 * @param keys   (B, H, groups, d)
 * @param values (B, H, groups, d)
 */
record Summaries(Tensor keys, Tensor values) {
    /**
     * Summaries of consecutive groups of {@code size}; rows beyond the last whole group are left out.
     *
     * @param q      (B, H, N, d), scaled
     * @param k      (B, H, N, d)
     * @param v      (B, H, N, d)
     * @param hidden bool (B, N), true for tokens that count nowhere; null for none
     */
    static Summaries of(Tensor q, Tensor k, Tensor v, Tensor hidden, long size, Grouping grouping) {
        long groups = q.size(2) / size;
        Tensor left = hidden == null ? null
                : hidden.narrow(1, 0, groups * size).unflatten(1, groups, size).unsqueeze(1); // (B, 1, groups, c)
        Tensor pooled = grouping.pooling().apply(grouping.queries(split(q, groups, size)), left);
        return of(pooled, split(k, groups, size), split(v, groups, size), left, grouping);
    }

    /**
     * Summaries of groups whose queries are pooled already.
     *
     * @param pooled (B, H, groups, d)
     * @param keys   (B, H, groups, c, d)
     * @param values (B, H, groups, c, d)
     * @param left   bool (B, 1, groups, c), true for tokens left out; null for none
     */
    static Summaries of(Tensor pooled, Tensor keys, Tensor values, Tensor left, Grouping grouping) {
        Tensor logits = keys.matmul(pooled.unsqueeze(-1)).squeeze(-1); // (B, H, groups, c)
        Tensor weights = Ops.maskedSoftmax(left == null ? logits : Ops.fill(logits, left, Double.NEGATIVE_INFINITY),
                -1);
        return new Summaries(grouping.pooling().apply(grouping.keys(keys), left),
                weights.unsqueeze(-2).matmul(values).squeeze(-2));
    }

    private static Tensor split(Tensor x, long groups, long size) {
        return x.narrow(2, 0, groups * size).unflatten(2, groups, size);
    }
}
