package io.heed.sequence.cca;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Padding;
import io.heed.nn.PartialAttention;
import io.heed.tensor.Ops;

/**
 * Attention to core tokens and near tokens by one softmax; see the package. The composed form has one matrix over cores
 * and tokens, the fused one runs three kernels whose keys do not overlap and merges them by their log-sum-exps: the
 * window, the cores, and the tokens between them that the window stretches over.
 */
public final class CoreAttention {
    private CoreAttention() { }

    /**
     * Outputs of all tokens.
     *
     * @param q       queries after their positions, (B, H, N, d)
     * @param k       keys after their positions, (B, G, N, d), H a multiple of G
     * @param v       (B, G, N, e)
     * @param padding tokens that do not exist, or null
     * @return (B, H, N, e)
     */
    public static Tensor outputs(Tensor q, Tensor k, Tensor v, CoreConfig config, Padding padding, Form form) {
        int cores = config.kept(q.size(2));
        boolean fused = form.isFused(q);
        if (fused && q.size(2) < config.window()) {
            return FusedAttention.apply(q, k, v, padded(AttentionSpec.softmax().withMask(Mask.causal()), padding));
        }
        CoreTokens merged = cores == 0 ? null : CoreTokens.of(q, Heads.repeat(k, q.size(1)), Heads.repeat(v, q.size(1)),
                cores, config, padding);
        return fused ? fused(q, k, v, merged, config, padding) : composed(q, k, v, merged, config, padding);
    }

    /** The attention matrix over cores and tokens, (B, H, N, P + N). */
    public static Tensor weights(Tensor q, Tensor k, Tensor v, CoreConfig config, Padding padding) {
        int cores = config.kept(q.size(2));
        Tensor keys = Heads.repeat(k, q.size(1));
        return weights(q, keys, cores == 0 ? null : CoreTokens.of(q, keys, Heads.repeat(v, q.size(1)), cores, config,
                padding), config,
                padding);
    }

    /**
     * The same as weights on the tokens themselves, a core's weight shared out among its tokens, (B, H, N, N). Not for
     * the pool of largest values, which is no weighted mean.
     */
    static Tensor tokenWeights(Tensor q, Tensor k, Tensor v, CoreConfig config, Padding padding) {
        int cores = config.kept(q.size(2));
        Tensor weights = weights(q, k, v, config, padding);
        if (cores == 0) {
            return weights;
        }
        Tensor shares = CoreTokens.of(q, Heads.repeat(k, q.size(1)), Heads.repeat(v, q.size(1)), cores, config, padding)
                .weights();
        long pooled = (long) cores * config.group();
        // (B, H, N, P g)
        Tensor far = weights.narrow(-1, 0, cores).unsqueeze(-1).mul(shares.unsqueeze(2)).flatten(-2, -1);
        Tensor near = weights.narrow(-1, cores, k.size(2));
        return Ops.cat(-1, near.narrow(-1, 0, pooled).add(far), near.narrow(-1, pooled, k.size(2) - pooled));
    }

    /**
     * Outputs of the last queries against earlier cores, which they all see, cores of the near tokens, and near tokens.
     *
     * @param q           (B, H, n, d)
     * @param k           near keys, from a group's first token on, (B, G, L, d)
     * @param coreKeys    (B, H, P0, d)
     * @param merged      cores of the near tokens, or null
     */
    static Tensor continued(Tensor q, Tensor k, Tensor v, Tensor coreKeys, Tensor coreValues, CoreTokens merged,
                            CoreConfig config) {
        Tensor keys = Heads.repeat(k, q.size(1));
        Tensor values = Heads.repeat(v, q.size(1));
        Tensor all = merged == null ? Ops.cat(2, coreKeys, keys) : Ops.cat(2, coreKeys, merged.keys(), keys);
        Tensor read = merged == null ? Ops.cat(2, coreValues, values) : Ops.cat(2, coreValues, merged.values(), values);
        long n = q.size(2);
        Tensor visible = visible(k.size(2), config).narrow(0, k.size(2) - n, n);
        Tensor hidden = Ops.cat(1, torch.ones(new long[] {n, coreKeys.size(2)}, visible.options()), visible)
                .logical_not();
        Tensor logits = Ops.scale(q.matmul(all.transpose(-2, -1)), 1 / Math.sqrt(q.size(-1)));
        return Ops.fill(logits, hidden.to(q.device(), ScalarType.Bool), Double.NEGATIVE_INFINITY).softmax(-1)
                .matmul(read);
    }

    private static Tensor composed(Tensor q, Tensor k, Tensor v, CoreTokens merged, CoreConfig config,
            Padding padding) {
        Tensor values = Heads.repeat(v, q.size(1));
        return weights(q, Heads.repeat(k, q.size(1)), merged, config, padding)
                .matmul(merged == null ? values : Ops.cat(2, merged.values(), values));
    }

    private static Tensor weights(Tensor q, Tensor k, CoreTokens merged, CoreConfig config, Padding padding) {
        Tensor keys = merged == null ? k : Ops.cat(2, merged.keys(), k);
        Tensor logits = Ops.scale(q.matmul(keys.transpose(-2, -1)), 1 / Math.sqrt(q.size(-1)));
        Tensor hidden = visible(q.size(2), config).logical_not().to(q.device(), ScalarType.Bool);
        if (padding != null) {
            Tensor missing = merged == null ? padding.mask() : Ops.cat(1, merged.missing().mask(), padding.mask());
            hidden = hidden.logical_or(missing.unsqueeze(1).unsqueeze(1));
        }
        return Ops.maskedSoftmax(Ops.fill(logits, hidden, Double.NEGATIVE_INFINITY), -1);
    }

    /** Which of P cores and N tokens each of N queries sees: (N, P + N) bool. */
    static Tensor visible(long tokens, CoreConfig config) {
        int n = Math.toIntExact(tokens);
        int cores = config.kept(tokens);
        boolean[] visible = new boolean[n * (cores + n)];
        for (int t = 0; t < n; t++) {
            int seen = config.cores(t + 1);
            for (int p = 0; p < Math.min(seen, cores); p++) {
                visible[t * (cores + n) + p] = true;
            }
            for (int j = seen * config.group(); j <= t; j++) {
                visible[t * (cores + n) + cores + j] = true;
            }
        }
        return Ops.of(visible, n, cores + n);
    }

    /** N is at least w: the queries from number w - 1 on, counted from 0, make groups that see the same cores. */
    private static Tensor fused(Tensor q, Tensor k, Tensor v, CoreTokens merged, CoreConfig config, Padding padding) {
        int w = config.window();
        PartialAttention near = FusedAttention.partial(q, k, v,
                padded(AttentionSpec.softmax().withMask(Mask.slidingWindow(w - 1, 0)), padding));
        if (config.group() == 1) {
            return merged == null ? near.out() : PartialAttention.merge(near, cores(q, merged, config));
        }
        PartialAttention between = between(q, k, v, config, padding);
        return merged == null ? PartialAttention.merge(near, between)
                : PartialAttention.merge(near, between, cores(q, merged, config));
    }

    /**
     * The cores. The g queries of a group see the same cores, those of earlier groups: as g heads that share keys and
     * values, they attend causally over groups.
     */
    private static PartialAttention cores(Tensor q, CoreTokens merged, CoreConfig config) {
        int g = config.group();
        Tensor grouped = grouped(q, config.window() - 1, g); // (B, H, C, g, d)
        Tensor heads = grouped.transpose(2, 3).flatten(1, 2); // (B, H g, C, d)
        PartialAttention part = FusedAttention.partial(heads, merged.keys(), merged.values(),
                padded(AttentionSpec.softmax().withMask(new Mask.Causal(-1)), merged.missing()));
        Tensor out = part.out().unflatten(1, q.size(1), g).transpose(2, 3).flatten(2, 3);
        Tensor sums = part.logSumExp().unflatten(1, q.size(1), g).transpose(2, 3).flatten(2, 3);
        return placed(out, sums, q, config);
    }

    /** The tokens between cores and window: of a group's own g tokens, query r of it sees the first r. */
    private static PartialAttention between(Tensor q, Tensor k, Tensor v, CoreConfig config, Padding padding) {
        int g = config.group();
        Tensor queries = asBatch(grouped(q, config.window() - 1, g));
        long groups = queries.size(0) / q.size(0);
        AttentionSpec spec = AttentionSpec.softmax().withMask(new Mask.Causal(-1));
        if (padding != null) {
            Tensor mask = padding.mask();
            long rows = groups * g;
            Tensor fitted = mask.size(1) >= rows ? mask.narrow(1, 0, rows)
                    : torch.constant_pad_nd(mask, new long[] {0, rows - mask.size(1)}, new Scalar(1));
            spec = padded(spec, new Padding(fitted.reshape(q.size(0) * groups, g)));
        }
        PartialAttention part = FusedAttention.partial(queries, asBatch(first(k, groups, g)),
                asBatch(first(v, groups, g)), spec);
        long batch = q.size(0);
        Tensor out = part.out().unflatten(0, batch, groups).transpose(1, 2).flatten(2, 3); // (B, H, C g, e)
        Tensor sums = part.logSumExp().unflatten(0, batch, groups).transpose(1, 2).flatten(2, 3);
        return placed(out, sums, q, config);
    }

    /** (B, H, C, g, d) to (B C, H, g, d). */
    private static Tensor asBatch(Tensor grouped) {
        return grouped.transpose(1, 2).flatten(0, 1);
    }

    /** Rows from number {@code from} on in groups of g, the last filled up with zeros: (B, H, C, g, d). */
    private static Tensor grouped(Tensor x, long from, int g) {
        Tensor rows = x.narrow(2, from, x.size(2) - from);
        long missing = (g - rows.size(2) % g) % g;
        return filled(rows, missing).unflatten(2, (rows.size(2) + missing) / g, g);
    }

    /** The first C groups of tokens, filled up with zeros that no query sees: (B, G, C, g, d). */
    private static Tensor first(Tensor x, long groups, int g) {
        long rows = Math.min(x.size(2), groups * g);
        return filled(x.narrow(2, 0, rows), groups * g - rows).unflatten(2, groups, g);
    }

    private static Tensor filled(Tensor rows, long missing) {
        return missing == 0 ? rows : torch.constant_pad_nd(rows, new long[] {0, 0, 0, missing}, new Scalar(0));
    }

    /** Results of the queries from w - 1 on, as results of all: the earlier ones see nothing of this part. */
    private static PartialAttention placed(Tensor out, Tensor sums, Tensor q, CoreConfig config) {
        long before = config.window() - 1L;
        long real = q.size(2) - before;
        return new PartialAttention(torch.constant_pad_nd(out.narrow(2, 0, real), new long[] {0, 0, before, 0},
                new Scalar(0)),
                torch.constant_pad_nd(sums.narrow(2, 0, real), new long[] {before, 0},
                new Scalar(Double.NEGATIVE_INFINITY)));
    }

    private static AttentionSpec padded(AttentionSpec spec, Padding padding) {
        return padding == null ? spec : spec.withPadding(padding.keys());
    }
}
