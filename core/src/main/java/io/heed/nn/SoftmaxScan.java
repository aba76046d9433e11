package io.heed.nn;

import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/**
 * Softmax attention of one fixed query over every prefix of a sequence (Feng et al. 2024, "Attention as an RNN",
 * arXiv 2405.13956): o_t = sum_{j<=t} exp(s_j) v_j / sum_{j<=t} exp(s_j).
 *
 * <p>A score of -inf marks a token that is not there; a prefix without tokens gives 0. All outputs and states have
 * gradients; that of a maximum goes to the score that is the maximum.
 */
public final class SoftmaxScan {
    private SoftmaxScan() { }

    /**
     * What a scan gives.
     *
     * @param out    o, (B, H, N, d)
     * @param states after the last token, or after every prefix, as asked
     */
    public record Result(Tensor out, SoftmaxState states) { }

    /**
     * Outputs of all prefixes and the state after the last token.
     *
     * @param scores  s, (B, H, N), N at least 1
     * @param values  v, (B, H, N, d)
     * @param initial the state of earlier tokens, (B, H)
     */
    public static Result scan(Tensor scores, Tensor values, SoftmaxState initial, Form form) {
        check(scores, values);
        if (form.isFused(values)) {
            return FusedSoftmaxScan.scan(scores, values, initial);
        }
        SoftmaxState prefixes = composed(scores, values, initial);
        return new Result(prefixes.output(), prefixes.last());
    }

    /** Outputs of all prefixes, from no earlier tokens: (B, H, N), (B, H, N, d) to (B, H, N, d). */
    public static Tensor outputs(Tensor scores, Tensor values, Form form) {
        check(scores, values);
        return form.isFused(values) ? FusedSoftmaxScan.outputs(scores, values) : composed(scores, values).output();
    }

    /** Outputs and states of all prefixes, from no earlier tokens. */
    public static Result prefixes(Tensor scores, Tensor values, Form form) {
        check(scores, values);
        if (form.isFused(values)) {
            return FusedSoftmaxScan.prefixes(scores, values);
        }
        SoftmaxState prefixes = composed(scores, values);
        return new Result(prefixes.output(), prefixes);
    }

    /**
     * The paper's parallel scan (Hillis and Steele's): in round r the state at position t takes in that at t - 2^r, so
     * that after log2 N rounds it covers the whole prefix.
     */
    private static SoftmaxState composed(Tensor scores, Tensor values) {
        SoftmaxState states = SoftmaxState.tokens(scores, values);
        long length = scores.size(2);
        for (long reach = 1; reach < length; reach *= 2) {
            long shift = reach;
            SoftmaxState whole = states;
            SoftmaxState earlier = whole.map(tensor -> tensor.narrow(2, 0, length - shift));
            SoftmaxState later = whole.map(tensor -> tensor.narrow(2, shift, length - shift));
            SoftmaxState first = whole.map(tensor -> tensor.narrow(2, 0, shift));
            states = first.followedBy(earlier.merge(later));
        }
        return states;
    }

    private static SoftmaxState composed(Tensor scores, Tensor values, SoftmaxState initial) {
        return initial.map(tensor -> tensor.unsqueeze(2)).merge(composed(scores, values));
    }

    private static void check(Tensor scores, Tensor values) {
        boolean fits = scores.dim() == 3 && values.dim() == 4;
        for (int i = 0; fits && i < 3; i++) {
            fits = scores.size(i) == values.size(i);
        }
        if (!fits || scores.size(2) == 0) {
            throw new IllegalArgumentException(
                    "a scan takes scores (B, H, N) and values (B, H, N, d) of at least one token,"
                    + " got " + Ops.shape(scores) + " and " + Ops.shape(values));
        }
    }
}
