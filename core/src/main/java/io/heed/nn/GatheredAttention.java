package io.heed.nn;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.GatherAttention;
import io.heed.kernels.KeyLists;
import io.heed.kernels.Rows;
import io.heed.tensor.Autograd;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/**
 * Softmax attention in which each block of queries attends to a list of keys of its own ({@link KeyLists}): by
 * gathering keys and values in libtorch operations, or by the kernel that reads them through the lists.
 */
public final class GatheredAttention {
    private GatheredAttention() { }

    /**
     * softmax(scale q k^T) v over each query's list.
     *
     * @param q     (B, H, Nq, d)
     * @param k     (B, G, Nk, d), H a multiple of G
     * @param v     (B, G, Nk, e)
     * @return (B, H, Nq, e), 0 for a query that sees no key
     * @throws IllegalArgumentException when shapes or lists do not fit
     */
    public static Tensor apply(Tensor q, Tensor k, Tensor v, KeyLists lists, double scale, Form form) {
        return form.isFused(q) ? fused(q, k, v, lists, (float) scale) : composed(q, k, v, lists, scale);
    }

    private static Tensor composed(Tensor q, Tensor k, Tensor v, KeyLists lists, double scale) {
        long batch = q.size(0);
        long heads = q.size(1);
        int queries = Math.toIntExact(q.size(2));
        int blocks = lists.blocks(queries);
        Padded padded = Padded.of(lists, queries);
        long longest = padded.index.size(-1);
        Tensor index = padded.spread(padded.index.to(q.device(), torch.ScalarType.Long), batch, heads);
        Tensor hidden = padded.spread(padded.hidden.to(q.device(), torch.ScalarType.Bool), batch, heads);
        Tensor keys = gather(Heads.repeat(k, heads), index.flatten(2, 3)).unflatten(2, blocks, longest);
        Tensor values = gather(Heads.repeat(v, heads), index.flatten(2, 3)).unflatten(2, blocks, longest);
        Tensor rows = Ops.scale(q, scale);
        long missing = (long) blocks * lists.queryBlock() - queries;
        if (missing > 0) {
            rows = Ops.cat(2, rows, torch.zeros(new long[] {batch, heads, missing, q.size(3)}, q.options()));
        }
        Tensor logits = rows.unflatten(2, blocks, lists.queryBlock()).matmul(keys.transpose(-2, -1));
        Tensor weights = Ops.maskedSoftmax(Ops.fill(logits, hidden, Double.NEGATIVE_INFINITY), -1);
        return weights.matmul(values).flatten(2, 3).narrow(2, 0, queries);
    }

    private static Tensor gather(Tensor x, Tensor index) {
        return x.gather(2, index.unsqueeze(-1).expand(index.size(0), index.size(1), index.size(2), x.size(3)));
    }

    /**
     * The lists as one tensor, filled up to the longest: index (patterns, blocks, L), hidden (patterns, blocks, Q, L).
     */
    private record Padded(Tensor index, Tensor hidden) {
        static Padded of(KeyLists lists, int queries) {
            int blocks = lists.blocks(queries);
            int patterns = lists.patterns(queries);
            int size = lists.queryBlock();
            int longest = 1;
            for (int row = 0; row < patterns * blocks; row++) {
                longest = Math.max(longest, lists.offsets()[row + 1] - lists.offsets()[row]);
            }
            long[] index = new long[patterns * blocks * longest];
            boolean[] hidden = new boolean[patterns * blocks * size * longest];
            for (int row = 0; row < patterns * blocks; row++) {
                int at = lists.offsets()[row];
                int length = lists.offsets()[row + 1] - at;
                for (int t = 0; t < length; t++) {
                    index[row * longest + t] = lists.keys()[at + t];
                }
                for (int r = 0; r < size; r++) {
                    int query = row % blocks * size + r;
                    int seen = query >= queries ? 0
                            : lists.seen() == null ? length : lists.seen()[row / blocks * queries + query];
                    int from = (row * size + r) * longest;
                    Arrays.fill(hidden, from + seen, from + longest, true);
                }
            }
            return new Padded(Ops.of(index, patterns, blocks, longest),
                    Ops.of(hidden, patterns, blocks, size, longest));
        }

        /** (patterns, ...) to (B, H, ...). */
        Tensor spread(Tensor x, long batch, long heads) {
            long[] shape = new long[(int) x.dim() + 1];
            Arrays.fill(shape, -1);
            shape[0] = batch;
            shape[1] = heads;
            Tensor byHead = x.size(0) == batch * heads && batch > 1 ? x.unflatten(0, batch, heads) : x.unsqueeze(0);
            return byHead.expand(shape);
        }
    }

    private static Tensor fused(Tensor q, Tensor k, Tensor v, KeyLists lists, float scale) {
        return Autograd.apply(List.of(q, k, v), (context, _) -> {
            Tensor out = rows(q, q.size(1), q.size(2), v.size(-1));
            Tensor lse = q.new_empty(q.size(0), q.size(1), q.size(2));
            try (View qs = View.read(q); View ks = View.read(k); View vs = View.read(v); View os = View.write(out)) {
                GatherAttention.forward(qs.rows(), ks.rows(), vs.rows(), os.rows(), View.segment(lse), lists, scale);
            }
            context.save(q, k, v, out, lse);
            return List.of(out);
        }, (context, gradients) -> backward(context, gradients.getFirst(), lists, scale)).getFirst();
    }

    private static List<Tensor> backward(Autograd.Context context, Tensor gradient, KeyLists lists, float scale) {
        MemorySegment lse = View.segment(context.saved(4));
        List<Tensor> results = new ArrayList<>();
        try (View q = View.read(context.saved(0)); View k = View.read(context.saved(1));
                View v = View.read(context.saved(2)); View o = View.read(context.saved(3)); View g =
                        View.read(gradient)) {
            Rows[] written = new Rows[3];
            for (int input = 0; input < written.length; input++) {
                Tensor like = context.saved(input);
                boolean needed = context.needsGradient(input);
                Tensor result = needed ? rows(like, like.size(1), like.size(2), like.size(3)) : null;
                written[input] = needed ? View.write(result).rows() : null;
                results.add(result);
            }
            GatherAttention.backward(q.rows(), k.rows(), v.rows(), o.rows(), lse, g.rows(), written[0], written[1],
                    written[2],
                    lists, scale);
        }
        return results;
    }

    /** A new (B, heads, N, d) tensor whose memory is (B, N, heads, d), so that heads merge as a view. */
    private static Tensor rows(Tensor like, long heads, long positions, long width) {
        return like.new_empty(like.size(0), positions, heads, width).transpose(1, 2);
    }
}
