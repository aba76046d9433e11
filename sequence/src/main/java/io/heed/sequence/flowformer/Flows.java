package io.heed.sequence.flowformer;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/**
 * The flows between all sinks and all sources, without order.
 *
 * @param incoming          I, (B, H, L)
 * @param outgoing          O, (B, H, S)
 * @param conservedIncoming Ihat, (B, H, L)
 * @param conservedOutgoing Ohat, not clamped, (B, H, S)
 * @param allocation        (B, H, L)
 * @param competition       (B, H, S)
 */
public record Flows(Tensor incoming, Tensor outgoing, Tensor conservedIncoming, Tensor conservedOutgoing,
        Tensor allocation,
                    Tensor competition) {
    /**
     * Computes them.
     *
     * @param q       phi(q), (B, H, L, d)
     * @param k       phi(k), (B, H, S, d)
     * @param sinks   sinks that do not exist, or null
     * @param sources sources that do not exist, or null
     */
    static Flows of(Tensor q, Tensor k, Padding sinks, Padding sources, FlowConfig config) {
        double eps = config.epsilon();
        Tensor sinkFeatures = without(q, sinks);
        Tensor sourceFeatures = without(k, sources);
        Tensor incoming = flow(q, sourceFeatures, eps);
        Tensor outgoing = flow(k, sinkFeatures, eps);
        Tensor conservedIncoming = flow(q, sourceFeatures.div(outgoing.unsqueeze(-1)), eps);
        Tensor conservedOutgoing = flow(k, sinkFeatures.div(incoming.unsqueeze(-1)), eps);
        Tensor sinkCount = count(q, sinks);
        Tensor sourceCount = count(k, sources);
        Tensor allocation = config.allocation() ? conservedIncoming.mul(sinkCount.div(sourceCount)).sigmoid()
                : torch.ones_like(conservedIncoming);
        return new Flows(incoming, outgoing, conservedIncoming, conservedOutgoing, allocation,
                competition(config, conservedOutgoing, sources).mul(sourceCount));
    }

    /** y, (B, H, L, e), of values (B, H, S, e). */
    Tensor outputs(Tensor q, Tensor k, Tensor values) {
        Tensor state = k.transpose(-2, -1).matmul(values.mul(competition.unsqueeze(-1))); // (B, H, d, e)
        return q.matmul(state).mul(allocation.div(incoming).unsqueeze(-1));
    }

    /** The attention matrix that the linear form never makes, (B, H, L, S): alloc_i (q_i . k_j) comp_j / I_i. */
    Tensor weights(Tensor q, Tensor k) {
        return q.matmul(k.transpose(-2, -1)).mul(competition.unsqueeze(-2)).mul(allocation.div(incoming).unsqueeze(-1));
    }

    private static Tensor competition(FlowConfig config, Tensor flow, Padding sources) {
        Tensor logits = config.competition() ? config.clamped(flow) : torch.zeros_like(flow);
        return sources == null ? logits.softmax(-1)
                : Ops.maskedSoftmax(Ops.fill(logits, sources.mask().unsqueeze(1), Double.NEGATIVE_INFINITY), -1);
    }

    /** (x + eps) . (sum of the other side + eps): (B, H, N). */
    private static Tensor flow(Tensor x, Tensor other, double eps) {
        Tensor sum = other.sum(new long[] {-2}, true, null); // (B, H, 1, d)
        return Ops.shift(x, eps).matmul(Ops.shift(sum, eps).transpose(-2, -1)).squeeze(-1);
    }

    private static Tensor without(Tensor features, Padding padding) {
        return padding == null ? features : Ops.fill(features, padding.mask().unsqueeze(1).unsqueeze(-1), 0);
    }

    /** Tokens that exist, at least 1: (B, 1, 1). */
    private static Tensor count(Tensor features, Padding padding) {
        if (padding == null) {
            return torch.full(new long[] {1, 1, 1}, new Scalar(features.size(2)), features.detach().options());
        }
        return padding.mask().logical_not().sum(new long[] {1}, false, null).clamp_min(new Scalar(1)).view(-1, 1, 1)
                .to(features.device(), Ops.type(features));
    }
}
