package io.heed.nn;

import java.util.Arrays;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.kernels.NeighborhoodSpec;
import io.heed.tensor.Ops;

/**
 * Neighborhood attention in libtorch operations, unfused: every query's window of keys and values is gathered, (N,
 * window, d) a head, and attended to. On any device and floating type. {@link FusedNeighborhood} computes the same.
 *
 * <pre>
 *   s_pj = scale * q_p . k_j + bias_(j - p)      for j in the window of p, see {@link NeighborhoodSpec}
 *   P    = softmax_j(s),   out_p = sum_j P_pj v_j,   lse_p = ln sum_j exp(s_pj)
 * </pre>
 */
public final class ComposedNeighborhood {
    private final NeighborhoodSpec spec;
    private final int window;
    /** (N, window): keys of each query; a causal window that is not full repeats its first key. */
    private final long[] keys;
    private final boolean[] hidden;
    private final long[] tableEntries;

    /** Finds the window of every token. */
    public ComposedNeighborhood(NeighborhoodSpec spec) {
        this.spec = spec;
        window = spec.window();
        int tokens = spec.tokens();
        keys = new long[Math.multiplyExact(tokens, window)];
        hidden = new boolean[keys.length];
        tableEntries = new long[keys.length];
        for (int token = 0, at = 0; token < tokens; token++) {
            for (int j = 0; j < window; j++, at++) {
                find(token, j, at);
            }
        }
    }

    /** The windows. */
    public NeighborhoodSpec spec() {
        return spec;
    }

    /** Writes key {@code j} of the window of {@code token}, axis by axis from the last. */
    private void find(int token, int j, int at) {
        int tokenStep = 1;
        int tableStep = 1;
        for (int axis = spec.rank() - 1, p = token, r = j; axis >= 0; axis--) {
            int size = spec.sizes()[axis];
            int k = spec.kernel()[axis];
            int dilation = spec.dilation()[axis];
            int x = p % size / dilation;
            int group = p % size % dilation;
            int start = start(axis, x, group);
            int y = start + r % k;
            if (spec.causal()[axis] && y > x) {
                hidden[at] = true;
                y = start;
            }
            keys[at] += (long) tokenStep * (group + y * dilation);
            tableEntries[at] += (long) tableStep * (y - x + k - 1);
            tokenStep *= size;
            tableStep *= 2 * k - 1;
            p /= size;
            r /= k;
        }
    }

    /** The first key of the window of member {@code x} of a dilation group. */
    private int start(int axis, int x, int group) {
        int k = spec.kernel()[axis];
        int s = spec.stride()[axis];
        int dilation = spec.dilation()[axis];
        int n = (spec.sizes()[axis] - group + dilation - 1) / dilation;
        int leader = x / s * s + (spec.causal()[axis] ? s - 1 : s / 2);
        leader = Math.min(leader, n - 1);
        return spec.causal()[axis] ? Math.max(leader - k + 1, 0) : Math.min(Math.max(leader - k / 2, 0), n - k);
    }

    /**
     * Attends.
     *
     * @param q     (B, H, N, d)
     * @param k     (B, H, N, d)
     * @param v     (B, H, N, e)
     * @param table relative bias (H, 2 K - 1, ...), or null
     */
    public NeighborhoodResult apply(Tensor q, Tensor k, Tensor v, Tensor table) {
        Tensor index = Ops.of(keys, keys.length).to(q.device(), ScalarType.Long);
        Tensor logits = logits(q, gather(k, index), table);                      // (B, H, N, window)
        Tensor out = logits.softmax(-1).unsqueeze(-2).matmul(gather(v, index)).squeeze(-2);
        return new NeighborhoodResult(out, logits.logsumexp(-1));
    }

    /**
     * The rows {@code from} to {@code from + count} of the attention matrix: (B, H, count, N), 0 outside the windows.
     *
     * @param q     (B, H, N, d)
     * @param k     (B, H, N, d)
     * @param table relative bias, or null
     */
    public Tensor weights(Tensor q, Tensor k, Tensor table, long from, long count) {
        Tensor index = Ops.of(keys, keys.length).to(q.device(), ScalarType.Long);
        Tensor weights = logits(q, gather(k, index), table).softmax(-1).narrow(2, from, count);
        Tensor places = index.view(-1, window).narrow(0, from, count).expand_as(weights);
        return q.new_zeros(q.size(0), q.size(1), count, q.size(2)).scatter_add(-1, places, weights);
    }

    /** Where a query does not see a key, as dense attention needs it: (N, N) bool. */
    public Tensor mask() {
        int tokens = spec.tokens();
        boolean[] mask = new boolean[Math.multiplyExact(tokens, tokens)];
        Arrays.fill(mask, true);
        for (int at = 0; at < keys.length; at++) {
            if (!hidden[at]) {
                mask[at / window * tokens + (int) keys[at]] = false;
            }
        }
        return Ops.of(mask, tokens, tokens);
    }

    private Tensor logits(Tensor q, Tensor keys, Tensor table) {
        Tensor scaled = q.mul(new Scalar((double) spec.scaleFor((int) q.size(-1))));
        Tensor logits = scaled.unsqueeze(-2).matmul(keys.transpose(-2, -1)).squeeze(-2);
        if (table != null) {
            Tensor entries = Ops.of(tableEntries, tableEntries.length).to(q.device(), ScalarType.Long);
            logits = logits.add(table.flatten(1, -1).index_select(1, entries).view(table.size(0), -1, window));
        }
        boolean any = false;
        for (boolean axis : spec.causal()) {
            any |= axis;
        }
        return any ? Ops.fill(logits, Ops.of(hidden, spec.tokens(), window).to(q.device(), ScalarType.Bool),
                Double.NEGATIVE_INFINITY) : logits;
    }

    /** (B, H, N, d) to (B, H, N, window, d). */
    private Tensor gather(Tensor x, Tensor index) {
        return x.index_select(2, index).view(x.size(0), x.size(1), -1, window, x.size(-1));
    }
}
