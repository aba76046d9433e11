package io.heed.nn;

import java.util.Arrays;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/**
 * Causal linear attention with a fixed decay per head, without softmax, scale or denominator
 * (Qin et al., ICML 2024, arXiv 2405.17381):
 *
 * <pre>
 *   o_t = sum_{j<=t} exp(-r (t-j)) (q_t . k_j) v_j + exp(-r (t+1)) q_t S0
 *   S   = sum_j exp(-r (N-1-j)) k_j v_j^T + exp(-r N) S0
 * </pre>
 *
 * <p>The rates r are constants: they get no gradient; q, k, v and S0 do.
 */
public final class CausalLinearAttention {
    private CausalLinearAttention() { }

    /**
     * What it gives.
     *
     * @param out   o, (B, H, N, e)
     * @param state S, (B, H, d, e): what later tokens need to know of these
     */
    public record Result(Tensor out, Tensor state) { }

    /**
     * Outputs and the state after the last token.
     *
     * @param query   q, (B, H, N, d)
     * @param key     k, (B, H, N, d)
     * @param value   v, (B, H, N, e)
     * @param rates   r, one a head and not negative; 0 for no decay
     * @param initial S0, (B, H, d, e): the state of earlier tokens
     */
    public static Result withState(Tensor query, Tensor key, Tensor value, double[] rates, Tensor initial, Form form) {
        check(query, key, value, rates);
        if (form.isFused(query)) {
            return FusedLinearAttention.withState(query, key, value, rates, initial);
        }
        long length = query.size(2);
        Tensor elapsed = torch.arange(new Scalar(1), new Scalar(length + 1), query.options());
        Tensor after = decay(elapsed, rates); // exp(-r (t+1)): (H, N)
        Tensor before = decay(elapsed.neg().add(new Scalar(length)), rates); // exp(-r (N-1-t)): (H, N)
        Tensor out = composed(query, key, value, rates).add(query.mul(after.unsqueeze(-1)).matmul(initial));
        Tensor state = key.mul(before.unsqueeze(-1)).transpose(2, 3).matmul(value)
                .add(initial.mul(after.select(1, -1).view(-1, 1, 1)));
        return new Result(out, state);
    }

    /** Outputs alone, from no earlier tokens: (B, H, N, e). */
    public static Tensor outputs(Tensor query, Tensor key, Tensor value, double[] rates, Form form) {
        check(query, key, value, rates);
        return form.isFused(query) ? FusedLinearAttention.outputs(query, key, value, rates)
                : composed(query, key, value, rates);
    }

    /**
     * Rows of the matrix that the linear form never makes: (q_i . k_j) exp(-r (i - j)) for j <= i, else 0.
     *
     * @return (B, H, count, N), the rows {@code from} to {@code from + count}
     */
    public static Tensor weights(Tensor query, Tensor key, double[] rates, long from, long count) {
        Tensor scores = query.narrow(2, from, count).matmul(key.transpose(-2, -1));
        Tensor distance = torch.arange(new Scalar(from), new Scalar(from + count), scores.options()).unsqueeze(-1)
                .sub(torch.arange(new Scalar(key.size(2)), scores.options())); // i - j
        return Ops.fill(scores.mul(decay(distance.clamp_min(new Scalar(0)), rates)), distance.lt(new Scalar(0)), 0);
    }

    /** O = ((Q K^T) * M) V, M_tj = exp(-r (t-j)) for j <= t, else 0. */
    private static Tensor composed(Tensor query, Tensor key, Tensor value, double[] rates) {
        Tensor position = torch.arange(new Scalar(query.size(2)), query.options());
        // distances into the future count as 0: their powers would overflow before the mask takes them away
        Tensor distance = position.unsqueeze(1).sub(position).clamp_min(new Scalar(0));
        Tensor mask = decay(distance, rates).tril(); // (H, N, N)
        return query.matmul(key.transpose(2, 3)).mul(mask).matmul(value);
    }

    /** exp(-r x) for every head, (...) to (H, ...). */
    private static Tensor decay(Tensor x, double[] rates) {
        long[] shape = new long[1 + (int) x.dim()];
        Arrays.fill(shape, 1);
        shape[0] = rates.length;
        return Ops.of(rates).to(x.device(), x.scalar_type()).view(shape).neg().mul(x).exp();
    }

    private static void check(Tensor query, Tensor key, Tensor value, double[] rates) {
        boolean fits = query.dim() == 4 && key.dim() == 4 && value.dim() == 4 && query.size(2) > 0
                && Arrays.equals(query.shape(), key.shape());
        for (int i = 0; fits && i < 3; i++) {
            fits = query.size(i) == value.size(i);
        }
        if (!fits) {
            throw new IllegalArgumentException("linear attention takes q, k (B, H, N, d) and v (B, H, N, e), got "
                    + Ops.shape(query) + ", " + Ops.shape(key) + " and " + Ops.shape(value));
        }
        if (rates.length != query.size(1) || Arrays.stream(rates).anyMatch(rate -> !(rate >= 0))) {
            throw new IllegalArgumentException("linear attention takes one decay rate of at least 0 for each of "
                    + query.size(1) + " heads, got " + Arrays.toString(rates));
        }
    }
}
