package io.heed.graph.transformer;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/**
 * Cross entropy weighted by the rarity of the classes in the batch: w_c = (V - n_c) / V with V labels, n_c of them of
 * class c, and 0 for a class that is absent; the mean divides by the sum of the targets' weights.
 */
public final class WeightedCrossEntropy {
    private WeightedCrossEntropy() { }

    /**
     * The loss.
     *
     * @param scores (V, C)
     * @param labels (V) int64 in [0, C)
     * @return a scalar
     */
    public static Tensor loss(Tensor scores, Tensor labels) {
        long total = labels.size(0);
        Tensor count = torch.bincount(labels, new TensorOptional(), scores.size(1)).to(scores.scalar_type());
        Tensor weight = Ops.scale(Ops.shift(count.neg(), total), 1.0 / total);
        weight = weight.mul(count.gt(new Scalar(0)));
        return torch.nll_loss(torch.log_softmax(scores, 1), labels, new TensorOptional(weight), 1, -100);
    }
}
