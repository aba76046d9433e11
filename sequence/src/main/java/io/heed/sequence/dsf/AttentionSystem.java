package io.heed.sequence.dsf;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/** Attention with a separable similarity as a linear system: section 3 of the paper, for one head. */
final class AttentionSystem {
    private AttentionSystem() { }

    /**
     * A_i = (eta_{i-1} / eta_i) I, B_i = (1 / eta_i) I (x) psi(k_i), C_i = I (x) phi(q_i)^T, driven by the values.
     *
     * @param phi    features of the queries, (L, n)
     * @param psi    features of the keys, (L, n)
     * @param values (L, d)
     * @param logEta logarithm of the normaliser, (L); the ratio before the first token is 1
     */
    static LinearSystem of(Tensor phi, Tensor psi, Tensor values, Tensor logEta) {
        long channels = values.size(1);
        Tensor identity = torch.eye(channels, values.options());
        Tensor ratios = ratios(logEta).unsqueeze(1).expand(phi.size(0), channels * phi.size(1));
        Tensor writes = Ops.einsum("cd,ls->lcsd", identity, psi.mul(logEta.neg().exp().unsqueeze(1))).flatten(1, 2);
        Tensor reads = Ops.einsum("cd,ls->lcds", identity, phi).flatten(2, 3);
        return LinearSystem.of(values, ratios, writes, reads);
    }

    /** eta_{i-1} / eta_i, (L). */
    static Tensor ratios(Tensor logEta) {
        Tensor before = Ops.cat(0, logEta.narrow(0, 0, 1), logEta.narrow(0, 0, logEta.size(0) - 1));
        return before.sub(logEta).exp();
    }

    /** The logarithm of eta_i = phi(q_i) . sum_{j<=i} psi(k_j), (L): weights that sum to one. */
    static Tensor logSum(Tensor phi, Tensor psi) {
        return phi.mul(psi.cumsum(0)).sum(1).log();
    }
}
