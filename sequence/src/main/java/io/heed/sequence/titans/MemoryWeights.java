package io.heed.sequence.titans;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/**
 * The memory at one moment: L matrices, M(z) = ..silu(z W_0) W_1.., and their momentum S, each (B, in, out).
 * {@code anchor} is what the matrices were at the last chunk boundary, where gradients are taken.
 */
record MemoryWeights(List<Tensor> matrices, List<Tensor> momentum, List<Tensor> anchor) {
    /**
     * How a token changes the memory, (B, n, 1): forgetting, momentum's decay, step size, and 0 where there is no
     * token.
     */
    record Gates(Tensor keep, Tensor logKeep, Tensor decay, Tensor logDecay, Tensor step, Tensor real) {
        Gates at(long first, long count) {
            return new Gates(keep.narrow(1, first, count), logKeep.narrow(1, first, count),
                    decay.narrow(1, first, count),
                    logDecay.narrow(1, first, count), step.narrow(1, first, count), real.narrow(1, first, count));
        }
    }

    /**
     * The gradients of a run of tokens at the anchor, as factors: token i's for matrix l is inputs_l,i^T errors_l,i.
     */
    record Gradients(List<Tensor> inputs, List<Tensor> errors) { }

    /** What a run of tokens reads, (B, n, out), and the memory after it. */
    record Read(Tensor out, MemoryWeights after) { }

    /** A fresh memory of these matrices (in, out), without momentum. */
    static MemoryWeights fresh(List<Tensor> weights, long batch) {
        List<Tensor> matrices = weights.stream().map(w -> w.unsqueeze(0).expand(batch, w.size(0), w.size(1))).toList();
        return new MemoryWeights(matrices, matrices.stream().map(torch::zeros_like).toList(), matrices);
    }

    /** Gradients are taken at the present matrices from now on. */
    MemoryWeights anchored() {
        return new MemoryWeights(matrices, momentum, matrices);
    }

    /** M(z) with the matrices as they are, (B, n, in) to (B, n, out). */
    Tensor read(Tensor z) {
        Tensor h = z;
        for (int l = 0; l < matrices.size(); l++) {
            h = (l == 0 ? h : torch.silu(h)).matmul(matrices.get(l));
        }
        return h;
    }

    /** Gradients of sum (M(k) - v)^2 at the anchor, of every token for itself. */
    Gradients gradients(Tensor keys, Tensor values) {
        List<Tensor> inputs = new ArrayList<>();
        List<Tensor> outputs = new ArrayList<>(); // before the activation
        for (int l = 0; l < anchor.size(); l++) {
            inputs.add(l == 0 ? keys : torch.silu(outputs.getLast()));
            outputs.add(inputs.getLast().matmul(anchor.get(l)));
        }
        List<Tensor> errors = new ArrayList<>(List.of(Ops.scale(outputs.getLast().sub(values), 2)));
        for (int l = anchor.size() - 1; l > 0; l--) {
            Tensor before = outputs.get(l - 1);
            Tensor s = before.sigmoid();
            Tensor slope = s.mul(Ops.shift(before.mul(Ops.shift(Ops.scale(s, -1), 1)), 1)); // s (1 + h (1 - s))
            errors.addFirst(errors.getFirst().matmul(anchor.get(l).transpose(1, 2)).mul(slope));
        }
        return new Gradients(inputs, errors);
    }

    /**
     * One token by the recurrence: S = eta S - theta g, M = (1 - alpha) M + S, then the read of {@code query} (B, 1,
     * d).
     */
    Read step(Tensor query, Tensor key, Tensor value, Gates gates) {
        Gradients g = gradients(key, value);
        List<Tensor> nextMomentum = new ArrayList<>();
        List<Tensor> next = new ArrayList<>();
        for (int l = 0; l < matrices.size(); l++) {
            Tensor gradient = g.inputs.get(l).transpose(1, 2).matmul(g.errors.get(l));
            Tensor s = momentum.get(l).mul(gates.decay).sub(gradient.mul(gates.step));
            nextMomentum.add(s);
            next.add(matrices.get(l).mul(gates.keep).add(s.mul(gates.real)));
        }
        MemoryWeights after = new MemoryWeights(next, nextMomentum, anchor);
        return new Read(after.read(query), after);
    }

    /**
     * A run of tokens between two chunk boundaries in closed form, from an anchor that may lie before its first token:
     * no matrix of any single token is made.
     *
     * <pre>
     *   M_t = beta_t M_0 + sigma_t S_0 - sum_{i<=t} c_ti g_i      c_ti = theta_i sum_{j=i..t} prod_{m=j+1..t} (1 -
     *   alpha_m)
     *                                                                              prod_{m=i+1..j} eta_m
     * </pre>
     */
    Read chunk(Tensor queries, Tensor keys, Tensor values, Gates gates) {
        long n = keys.size(1);
        Gradients g = gradients(keys, values);
        Tensor kept = gates.logKeep.cumsum(1);
        Tensor decayed = gates.logDecay.cumsum(1);
        Tensor keeps = products(kept).mul(gates.real.transpose(1, 2)); // (B, t, j): what is left at t of S_j's part
        Tensor decays = products(decayed); // (B, j, i)
        Tensor share = keeps.matmul(decays.mul(gates.step.transpose(1, 2))); // c_ti
        Tensor ofMatrices = kept.exp(); // beta, (B, n, 1)
        Tensor ofMomentum = keeps.matmul(decayed.exp()); // sigma
        Tensor z = queries;
        List<Tensor> next = new ArrayList<>();
        List<Tensor> nextMomentum = new ArrayList<>();
        Tensor lastDecay = decayed.narrow(1, n - 1, 1).exp();
        Tensor lastShare = share.narrow(1, n - 1, 1).transpose(1, 2); // (B, n, 1)
        Tensor lastMomentum = decays.narrow(1, n - 1, 1).transpose(1, 2).mul(gates.step);
        for (int l = 0; l < matrices.size(); l++) {
            Tensor input = g.inputs.get(l);
            Tensor error = g.errors.get(l);
            z = l == 0 ? z : torch.silu(z);
            z = z.matmul(matrices.get(l)).mul(ofMatrices).add(z.matmul(momentum.get(l)).mul(ofMomentum))
                    .sub(z.matmul(input.transpose(1, 2)).mul(share).matmul(error));
            next.add(matrices.get(l).mul(ofMatrices.narrow(1, n - 1, 1))
                    .add(momentum.get(l).mul(ofMomentum.narrow(1, n - 1, 1)))
                    .sub(input.mul(lastShare).transpose(1, 2).matmul(error)));
            nextMomentum.add(momentum.get(l).mul(lastDecay).sub(input.mul(lastMomentum).transpose(1, 2).matmul(error)));
        }
        return new Read(z, new MemoryWeights(next, nextMomentum, anchor));
    }

    /** exp(x_t - x_j) for j <= t, else 0: from running sums of logarithms (B, n, 1) to (B, n, n). */
    private static Tensor products(Tensor sums) {
        Tensor differences = sums.sub(sums.transpose(1, 2));
        Tensor later = Ops.causalMask(sums.size(1), sums.size(1)).to(sums.device(), torch.ScalarType.Bool);
        return Ops.fill(differences, later, Double.NEGATIVE_INFINITY).exp();
    }
}
