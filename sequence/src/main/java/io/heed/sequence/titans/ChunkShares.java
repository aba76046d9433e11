package io.heed.sequence.titans;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/**
 * How much of the memory before a chunk, of its momentum, and of every token's gradient there is in the memory after
 * each token: products and sums of gates alone, so that they are known for all chunks before any memory is.
 *
 * <pre>
 *   M_t = beta_t M_0 + sigma_t S_0 - sum_{i<=t} c_ti g_i
 *   beta_t = prod_{m<=t} (1 - alpha_m)       c_ti = theta_i sum_{j=i..t} prod_{m=j+1..t} (1 - alpha_m) prod_{m=i+1..j}
 *   eta_m
 *   S_n = prod eta S_0 - sum_i s_i g_i       s_i = theta_i prod_{m>i} eta_m
 * </pre>
 *
 * @param matrices     beta, (.., n, 1)
 * @param momentum     sigma, (.., n, 1)
 * @param gradients    c, (.., n, n)
 * @param lastDecay    what is left of the momentum after the last token, (.., 1, 1)
 * @param lastSurprise s, (.., n, 1)
 */
record ChunkShares(Tensor matrices, Tensor momentum, Tensor gradients, Tensor lastDecay, Tensor lastSurprise) {
    /** Of chunks whose tokens have these gates, each (.., n, 1). */
    static ChunkShares of(MemoryWeights.Gates gates) {
        Tensor sums = Ops.cat(-1, gates.logKeep(), gates.logDecay()).cumsum(-2).transpose(-2, -1)
                .unsqueeze(-1); // (.., 2, n, 1)
        Tensor products = products(sums);
        Tensor left = sums.exp();
        // (.., t, j): what is left at t of S_j's part
        Tensor keeps = products.select(-3, 0).mul(gates.real().transpose(-2, -1));
        Tensor decays = products.select(-3, 1); // (.., j, i)
        Tensor gradients = keeps.matmul(decays.mul(gates.step().transpose(-2, -1)));
        Tensor decayed = left.select(-3, 1);
        return new ChunkShares(left.select(-3, 0), keeps.matmul(decayed), gradients, last(decayed),
                last(decays).transpose(-2, -1).mul(gates.step()));
    }

    /** The shares of the chunks that are apart in dimension 1. */
    List<ChunkShares> apart() {
        TensorVector[] parts = {matrices.unbind(1), momentum.unbind(1), gradients.unbind(1), lastDecay.unbind(1),
            lastSurprise.unbind(1)};
        List<ChunkShares> apart = new ArrayList<>();
        for (int i = 0; i < parts[0].size(); i++) {
            apart.add(new ChunkShares(parts[0].get(i), parts[1].get(i), parts[2].get(i), parts[3].get(i),
                    parts[4].get(i)));
        }
        return apart;
    }

    /** beta after the last token, (.., 1, 1). */
    Tensor lastMatrices() {
        return last(matrices);
    }

    /** sigma after the last token, (.., 1, 1). */
    Tensor lastMomentum() {
        return last(momentum);
    }

    /** The gradients' shares after the last token, (.., n, 1). */
    Tensor lastGradients() {
        return last(gradients).transpose(-2, -1);
    }

    private static Tensor last(Tensor rows) {
        return rows.narrow(-2, rows.size(-2) - 1, 1);
    }

    /** exp(x_t - x_j) for j <= t, else 0: from running sums of logarithms (.., n, 1) to (.., n, n). */
    private static Tensor products(Tensor sums) {
        Tensor differences = sums.sub(sums.transpose(-2, -1));
        Tensor later = Ops.causalMask(sums.size(-2), sums.size(-2)).to(sums.device(), torch.ScalarType.Bool);
        return Ops.fill(differences, later, Double.NEGATIVE_INFINITY).exp();
    }
}
