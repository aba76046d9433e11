package io.heed.sequence.routing;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Learned vectors for the distance of ranks within a group, up to R either way.
 *
 * @param keys   (2R+1, d), added to the keys
 * @param values (2R+1, d), added to the values
 */
record Relative(Tensor keys, Tensor values) {
    /** Row of the tables for every query and key rank of a group: (queries, keys), flat. */
    private Tensor rows(long queries, long count, Tensor table) {
        long reach = (keys.size(0) - 1) / 2;
        Tensor distance = torch.arange(new Scalar(count)).sub(torch.arange(new Scalar(queries)).unsqueeze(1));
        Tensor index = distance.clamp(new ScalarOptional(new Scalar(-reach)),
                new ScalarOptional(new Scalar(reach))).add(new Scalar(reach));
        return table.index_select(0, index.to(torch.ScalarType.Long).flatten()).view(queries, count, -1);
    }

    /** What is added to the logits of queries (..., w, d): (..., w, w'). */
    Tensor logits(Tensor queries, long count) {
        Tensor rows = rows(queries.size(-2), count, keys); // (w, w', d)
        return queries.unsqueeze(-2).matmul(rows.transpose(1, 2)).squeeze(-2);
    }

    /** What is added to the outputs, from weights (..., w, w'): (..., w, d). */
    Tensor outputs(Tensor weights) {
        return weights.unsqueeze(-2).matmul(rows(weights.size(-2), weights.size(-1), values)).squeeze(-2);
    }

    /**
     * What the last of {@code count} members adds to the keys that it sees, in the order of their ranks: (count, d).
     */
    Tensor keysOfLast(long count) {
        return ofLast(count, keys);
    }

    /** Likewise to the values. */
    Tensor valuesOfLast(long count) {
        return ofLast(count, values);
    }

    private static Tensor ofLast(long count, Tensor table) {
        long reach = (table.size(0) - 1) / 2;
        Tensor distance = torch.arange(new Scalar(1 - count), new Scalar(1));
        return table.index_select(0, distance.clamp_min(new Scalar(-reach)).add(new Scalar(reach))
                .to(table.device(), torch.ScalarType.Long));
    }
}
