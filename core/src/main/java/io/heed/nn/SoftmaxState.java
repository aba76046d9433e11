package io.heed.nn;

import java.util.function.UnaryOperator;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * What softmax attention of one query needs to know of a set of tokens with scores s and values v: m = max s,
 * c = sum exp(s - m), a = sum exp(s - m) v. The output is a / c; the empty set is (-inf, 0, 0). States of disjoint sets
 * merge into the state of their union, in any order (Feng et al. 2024, arXiv 2405.13956, section 3).
 *
 * @param maximum    m, (B, H) for one state a head, (B, H, N) for one a prefix
 * @param normaliser c, of the same shape
 * @param weighted   a, the same and (d) behind
 */
public record SoftmaxState(Tensor maximum, Tensor normaliser, Tensor weighted) {

    /** The state of no tokens, for {@code batch} sequences of {@code heads} heads. */
    public static SoftmaxState empty(long batch, long heads, long width, TensorOptions options) {
        long[] perHead = {batch, heads};
        long[] perChannel = {batch, heads, width};
        return new SoftmaxState(torch.full(perHead, new Scalar(Double.NEGATIVE_INFINITY), options),
                torch.zeros(perHead, options), torch.zeros(perChannel, options));
    }

    /** The states of single tokens: (s, exp(s - s), v), or the empty set where the score is -inf. */
    public static SoftmaxState tokens(Tensor scores, Tensor values) {
        Tensor exists = scores.sub(finite(scores)).exp();
        return new SoftmaxState(scores, exists, values.mul(exists.unsqueeze(-1)));
    }

    /**
     * What scores are measured against: exp(-inf - -inf) must be 0, so the maximum of an empty set counts as finite.
     */
    private static Tensor finite(Tensor maximum) {
        return maximum.clamp_min(new Scalar(-Float.MAX_VALUE));
    }

    /** The state of both sets together; sizes broadcast. */
    public SoftmaxState merge(SoftmaxState other) {
        Tensor joint = torch.maximum(maximum, other.maximum);
        Tensor reference = finite(joint);
        Tensor here = maximum.sub(reference).exp();
        Tensor there = other.maximum.sub(reference).exp();
        return new SoftmaxState(joint, normaliser.mul(here).add(other.normaliser.mul(there)),
                weighted.mul(here.unsqueeze(-1)).add(other.weighted.mul(there.unsqueeze(-1))));
    }

    /** a / c, and 0 for the empty set. */
    public Tensor output() {
        Tensor empty = normaliser.eq(new Scalar(0));
        return weighted.div(normaliser.masked_fill(empty, new Scalar(1)).unsqueeze(-1));
    }

    /** The state after the last prefix, where there is one a prefix: (B, H). */
    public SoftmaxState last() {
        return map(tensor -> tensor.select(2, -1));
    }

    /** States of prefixes with those of later prefixes behind, along time. */
    SoftmaxState followedBy(SoftmaxState later) {
        return new SoftmaxState(torch.cat(new TensorVector(maximum, later.maximum), 2),
                torch.cat(new TensorVector(normaliser, later.normaliser), 2),
                torch.cat(new TensorVector(weighted, later.weighted), 2));
    }

    /** The same operation on all three tensors. */
    SoftmaxState map(UnaryOperator<Tensor> operation) {
        return new SoftmaxState(operation.apply(maximum), operation.apply(normaliser), operation.apply(weighted));
    }
}
