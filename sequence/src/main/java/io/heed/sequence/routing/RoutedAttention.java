package io.heed.sequence.routing;

import java.util.Arrays;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.KeyLists;
import io.heed.nn.Form;
import io.heed.nn.GatheredAttention;
import io.heed.nn.Padding;
import io.heed.sequence.OnlineKMeans;
import io.heed.tensor.Ops;

/**
 * Attention within groups of tokens, as published: each centroid picks its w items of the whole sequence. All inputs
 * are items on the sphere ({@link OnlineKMeans#normalise}).
 *
 * @param window   w
 * @param causal   whether a member sees the members up to its own rank; a true causal mask only where queries are the
 *                 keys
 * @param relative vectors for distances of ranks, or null
 */
record RoutedAttention(int window, boolean causal, Relative relative) {
    /** Added to the number of groups that chose a token before the division. */
    static final double SHARE = 1e-2;

    /**
     * What it gives.
     *
     * @param out        (B, H, N, d)
     * @param queryIndex members by centroid, ascending, int64 (B, H, C, w)
     * @param keyIndex   likewise of the keys
     */
    record Result(Tensor out, Tensor queryIndex, Tensor keyIndex) { }

    /**
     * One call.
     *
     * @param q     (B, H, N, d)
     * @param k     (B, H, N, d); the same tensor where shared
     * @param v     (B, H, N, d)
     * @param means (H, C, d)
     */
    Result apply(Tensor q, Tensor k, Tensor v, Tensor means, Padding padding, Form form) {
        Tensor queryIndex = members(q, means, padding);
        Tensor keyIndex = k == q ? queryIndex : members(k, means, padding);
        Tensor flat = queryIndex.flatten(2, 3); // (B, H, C w)
        Tensor queries = rows(q, flat);
        Tensor groups = relative == null ? GatheredAttention.apply(queries, k, v, lists(keyIndex, padding), 1, form)
                : withRelative(queries, rows(k, keyIndex.flatten(2, 3)), rows(v, keyIndex.flatten(2, 3)),
                means.size(1), keyIndex,
                        padding);
        return new Result(scattered(groups, flat, torch.ones(new long[] {q.size(0), q.size(1), flat.size(2)},
                q.options()),
                q.size(2)), queryIndex, keyIndex);
    }

    /** The w items nearest to each centroid, in the order of their positions; padded ones last of all. */
    private Tensor members(Tensor items, Tensor means, Padding padding) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor scores = OnlineKMeans.scores(items, means).transpose(2, 3); // (B, H, C, N)
            if (padding != null) {
                scores = Ops.fill(scores, padding.mask().unsqueeze(1).unsqueeze(1), Double.NEGATIVE_INFINITY);
            }
            Tensor chosen = scores.topk(Math.min(window, items.size(2)), -1, true, false).get1();
            return chosen.sort(-1, false).get0();
        }
    }

    /** Rows of (B, H, N, d) by (B, H, M). */
    static Tensor rows(Tensor x, Tensor index) {
        return x.flatten(0, 2).index_select(0, flat(index, x.size(2)))
                .view(index.size(0), index.size(1), index.size(2), x.size(3));
    }

    /** Indices (B, H, M) into N rows of each head as indices into the rows of all heads, (B H M). */
    private static Tensor flat(Tensor index, long length) {
        long heads = index.size(0) * index.size(1);
        Tensor starts = torch.arange(new Scalar(0), new Scalar(heads * length), new Scalar(length))
                .to(index.device(), torch.ScalarType.Long);
        return index.flatten(0, 1).add(starts.unsqueeze(1)).flatten();
    }

    private KeyLists lists(Tensor keyIndex, Padding padding) {
        int size = Math.toIntExact(keyIndex.size(3));
        long[] members = Ops.longs(keyIndex);
        boolean[] padded = padding == null ? null : Ops.booleans(padding.mask());
        int length = padded == null ? 0 : (int) padding.mask().size(1);
        int perSequence = members.length / (int) keyIndex.size(0);
        int[] keys = new int[members.length];
        int[] offsets = new int[members.length / size + 1];
        int[] seen = new int[members.length];
        int count = 0;
        for (int group = 0; group + 1 < offsets.length; group++) {
            int from = count;
            for (int rank = 0; rank < size; rank++) {
                int at = group * size + rank;
                int key = (int) members[at];
                if (padded == null || !padded[at / perSequence * length + key]) {
                    keys[count++] = key;
                }
                seen[at] = count - from;
            }
            if (!causal) {
                Arrays.fill(seen, group * size, (group + 1) * size, count - from);
            }
            offsets[group + 1] = count;
        }
        return new KeyLists(size, offsets, Arrays.copyOf(keys, count), seen);
    }

    /** The same composed, with vectors for the distance of ranks. */
    private Tensor withRelative(Tensor queries, Tensor keys, Tensor values, long groups, Tensor keyIndex,
            Padding padding) {
        long size = queries.size(2) / groups;
        Tensor q = queries.unflatten(2, groups, size); // (B, H, C, w, d)
        Tensor k = keys.unflatten(2, groups, size);
        Tensor logits = q.matmul(k.transpose(-2, -1)).add(relative.logits(q, size));
        Tensor hidden = causal ? Ops.causalMask(size, size)
                : torch.zeros(new long[] {size, size}, Ops.options(torch.ScalarType.Bool));
        if (padding != null) {
            Tensor mask = padding.mask().unsqueeze(1).expand(keyIndex.size(0), keyIndex.size(1), padding.mask()
                    .size(1));
            hidden = mask.gather(2, keyIndex.flatten(2, 3)).view(keyIndex.sizes()).unsqueeze(-2).logical_or(hidden);
        }
        Tensor weights = Ops.maskedSoftmax(Ops.fill(logits, hidden, Double.NEGATIVE_INFINITY), -1);
        return weights.matmul(values.unflatten(2, groups, size)).add(relative.outputs(weights)).flatten(2, 3);
    }

    /**
     * Group outputs at their tokens, divided by the number of groups that chose each.
     *
     * @param groups (B, H, M, d)
     * @param index  (B, H, M)
     * @param chosen (B, H, M), 1 for a member, 0 for a filled up place
     */
    static Tensor scattered(Tensor groups, Tensor index, Tensor chosen, long length) {
        long heads = groups.size(0) * groups.size(1);
        Tensor at = flat(index, length);
        Tensor sum = torch.zeros(new long[] {heads * length, groups.size(3)}, groups.options())
                .index_add(0, at, groups.flatten(0, 2));
        Tensor count = torch.zeros(new long[] {heads * length}, groups.options()).index_add(0, at, chosen.flatten());
        return sum.div(count.add(new Scalar(SHARE)).unsqueeze(-1))
                .view(groups.size(0), groups.size(1), length, groups.size(3));
    }
}
