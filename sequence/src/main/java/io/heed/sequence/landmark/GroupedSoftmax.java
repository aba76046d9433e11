package io.heed.sequence.landmark;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/**
 * The grouped softmax from its definition, with landmarks anywhere: a softmax in each group, largest logit subtracted.
 */
public final class GroupedSoftmax {
    private GroupedSoftmax() { }

    /**
     * Weights of the last n of N tokens on all N.
     *
     * @param scores    scaled logits, (B, H, n, N)
     * @param landmarks where landmarks stand, (B, N) or (1, N) bool
     * @param padding   keys that do not exist, or null; a block without keys is then not there
     * @param dropout   probability of dropping a landmark's gate; the own block is never dropped
     * @return (B, H, n, N), 0 on landmarks and on what is hidden
     */
    public static Tensor weights(Tensor scores, Tensor landmarks, Padding padding, double dropout) {
        long n = scores.size(2);
        long all = scores.size(3);
        Tensor isLandmark = landmarks.to(scores.device(), ScalarType.Bool);
        Tensor count = isLandmark.to(scores.device(), ScalarType.Long);
        Tensor block = count.cumsum(1).sub(count); // landmarks before each token, (B, N)
        long blocks = block.max().item_long() + 1;
        Tensor own = block.unsqueeze(1).eq(block.narrow(1, all - n, n).unsqueeze(-1)).unsqueeze(1); // (B, 1, n, N)
        Tensor gone = Ops.causalMask(n, all).to(scores.device(), ScalarType.Bool);
        if (padding != null) {
            gone = gone.logical_or(padding.mask().unsqueeze(1).unsqueeze(1));
        }
        Tensor mark = isLandmark.unsqueeze(1).unsqueeze(1); // (B, 1, 1, N)
        Tensor there = gone.logical_not();
        Tensor token = there.logical_and(own).logical_and(mark.logical_not()); // of the own block
        Tensor earlier = there.logical_and(own.logical_not());
        Tensor inside = earlier.logical_and(mark.logical_not());
        Tensor gating = earlier.logical_and(mark);

        long[] shape = scores.shape();
        Tensor index = block.unsqueeze(1).unsqueeze(1).expand(shape);
        long[] groups = {shape[0], shape[1], n, blocks};
        Tensor logits = Ops.fill(scores, inside.logical_not(), Double.NEGATIVE_INFINITY);
        Tensor largest = scores.detach().new_full(groups, new Scalar(Double.NEGATIVE_INFINITY))
                .scatter_reduce(-1, index, logits.detach(), "amax", true);
        largest = Ops.fill(largest, largest.eq(new Scalar(Double.NEGATIVE_INFINITY)), 0);
        Tensor exponential = logits.sub(largest.gather(-1, index)).exp();
        Tensor sums = scores.new_zeros(groups).scatter_add(-1, index, exponential); // at least 1 where there is a token
        Tensor within = exponential.div(sums.clamp_min(new Scalar(0.5)).gather(-1, index));
        if (padding != null) {
            gating = gating.logical_and(sums.detach().gt(new Scalar(0)).gather(-1, index));
        }
        Tensor gates = Ops.maskedSoftmax(Ops.fill(scores, token.logical_or(gating).logical_not(),
                Double.NEGATIVE_INFINITY), -1);
        Tensor landmarkGates = Ops.fill(gates, gating.logical_not(), 0);
        if (dropout > 0) {
            landmarkGates = torch.dropout(landmarkGates, dropout, true);
        }
        Tensor byBlock = scores.new_zeros(groups).scatter_add(-1, index, landmarkGates).gather(-1, index);
        return within.mul(byBlock).add(Ops.fill(gates, token.logical_not(), 0));
    }
}
