package io.heed.nn;

import java.util.Arrays;

import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/**
 * Softmax attention to some of the keys: enough to merge it with attention to the other keys into attention to all.
 *
 * @param out       the output over these keys alone, (B, H, N, e); 0 where a query sees none
 * @param logSumExp ln of the sum of exp(logits), (B, H, N); -infinity where a query sees none
 */
public record PartialAttention(Tensor out, Tensor logSumExp) {
    /**
     * Attention to the keys of all parts, by one softmax: out = sum_p exp(lse_p - lse) out_p.
     *
     * @param parts over keys that do not overlap; a query that sees none of all gets 0
     */
    public static Tensor merge(PartialAttention... parts) {
        Tensor[] sums = Arrays.stream(parts).map(PartialAttention::logSumExp).toArray(Tensor[]::new);
        Tensor shares = Ops.maskedSoftmax(Ops.stack(-1, sums), -1); // (B, H, N, parts)
        Tensor merged = parts[0].out.mul(shares.narrow(-1, 0, 1));
        for (int p = 1; p < parts.length; p++) {
            merged = merged.add(parts[p].out.mul(shares.narrow(-1, p, 1)));
        }
        return merged;
    }
}
