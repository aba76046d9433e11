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
    /** Groups of fewer tokens are summed up faster than multiplied one by one. */
    private static final int SMALL = 16;

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
        Tensor keys = split(k, groups, size);
        return of(grouping.pooling().apply(grouping.queries(split(q, groups, size)), left),
                grouping.pooling().apply(grouping.keys(keys), left), keys, split(v, groups, size), left);
    }

    /**
     * Summaries of groups whose queries and keys are pooled already.
     *
     * @param query  (B, H, groups, d)
     * @param key    (B, H, groups, d)
     * @param keys   (B, H, groups, c, d)
     * @param values (B, H, groups, c, d)
     * @param left   bool (B, 1, groups, c), true for tokens left out; null for none
     */
    static Summaries of(Tensor query, Tensor key, Tensor keys, Tensor values, Tensor left) {
        Tensor logits = keys.mul(query.unsqueeze(-2)).sum(-1); // (B, H, groups, c)
        Tensor weights = Ops.maskedSoftmax(left == null ? logits : Ops.fill(logits, left, Double.NEGATIVE_INFINITY),
                -1);
        return new Summaries(key, keys.size(3) < SMALL ? weights.unsqueeze(-1).mul(values).sum(-2)
                : weights.unsqueeze(-2).matmul(values).squeeze(-2));
    }

    static Tensor split(Tensor x, long groups, long size) {
        return x.narrow(2, 0, groups * size).unflatten(2, groups, size);
    }
}
