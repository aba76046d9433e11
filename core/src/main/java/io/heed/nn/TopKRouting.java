package io.heed.nn;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/**
 * Which of E experts (or heads) each token goes to: the k of the largest router probability, softmax of the logits.
 *
 * @param logits        (T, E)
 * @param probabilities (T, E), softmax of the logits
 * @param experts       (T, k) int64, the chosen, most probable first
 * @param gates         (T, k), their weights: their probabilities, or these over their sum
 */
public record TopKRouting(Tensor logits, Tensor probabilities, Tensor experts, Tensor gates) {
    /**
     * Routes.
     *
     * @param logits      (T, E)
     * @param k           experts a token, from 1 to E
     * @param renormalize whether gates sum to 1; with k = 1 the router would then get no gradient
     */
    public static TopKRouting of(Tensor logits, int k, boolean renormalize) {
        if (k < 1 || k > logits.size(-1)) {
            throw new IllegalArgumentException(k + " experts a token: must be from 1 to " + logits.size(-1));
        }
        Tensor probabilities = torch.softmax(logits, -1);
        T_TensorTensor_T largest = probabilities.topk(k, -1, true, true);
        Tensor gates = largest.get0();
        return new TopKRouting(logits, probabilities, largest.get1(),
                renormalize ? gates.div(gates.sum(new long[] {-1}, true, new ScalarTypeOptional())) : gates);
    }

    /** Experts to choose from. */
    public long count() {
        return logits.size(-1);
    }

    /** The gates by expert (T, E), 0 where not chosen. */
    public Tensor dense() {
        return torch.zeros_like(probabilities).scatter(-1, experts, gates);
    }

    /** Which experts each token goes to: (T, E) bool. */
    public Tensor mask() {
        return torch.zeros_like(probabilities).detach().scatter(-1, experts, new Scalar(1.0)).gt(new Scalar(0));
    }

    /** Share of the (token, slot) assignments that each expert gets, (E), without a gradient. */
    public Tensor shares() {
        Tensor chosen = torch.zeros_like(probabilities).detach().scatter(-1, experts, new Scalar(1.0));
        return Ops.scale(chosen.mean(0), 1.0 / experts.size(-1));
    }

    /**
     * Load balance of Switch Transformers (arXiv 2101.03961, equation 4): E sum_e f_e P_e, at least 1 when balanced.
     */
    public Tensor loadBalance() {
        return Ops.scale(shares().mul(probabilities.mean(0)).sum(), count());
    }

    /** Router z-loss of ST-MoE (arXiv 2202.08906, equation 5): the mean of logsumexp(logits)^2. */
    public Tensor zLoss() {
        Tensor size = logits.logsumexp(-1);
        return size.mul(size).mean();
    }
}
