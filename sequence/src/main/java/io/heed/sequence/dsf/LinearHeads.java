package io.heed.sequence.dsf;

import java.util.List;
import java.util.Optional;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.nn.CausalLinearAttention;
import io.heed.nn.Form;
import io.heed.nn.Padding;
import io.heed.sequence.MixerState;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * phi(q) . phi(k) over its causal sum. State: sum phi(k) v^T (B, H, e, f) and sum phi(k) (B, H, 1, e).
 *
 * @param feature phi
 */
record LinearHeads(FeatureMap feature) implements HeadMixing {
    @Override
    public Tensor outputs(Call call, Optional<Padding> padding, Form form) {
        Tensor phi = feature.apply(call.q());
        Tensor psi = hidden(feature.apply(call.k()), padding);
        Tensor sums = CausalLinearAttention.outputs(phi, psi, call.v(), new double[(int) phi.size(1)], form);
        return sums.div(eta(phi, psi.cumsum(2)));
    }

    /** The causal sums of the weights, (B, H, N, 1); 1 where there is no real key yet. */
    private static Tensor eta(Tensor phi, Tensor psiSums) {
        Tensor eta = phi.mul(psiSums).sum(new long[] {3}, true, null);
        return Ops.fill(eta, eta.eq(new Scalar(0)), 1);
    }

    /** A padded key has no features. */
    static Tensor hidden(Tensor psi, Optional<Padding> padding) {
        return padding.map(p -> Ops.fill(psi, p.mask().unsqueeze(1).unsqueeze(-1), 0)).orElse(psi);
    }

    @Override
    public AttentionCall weights(Call call, Optional<Padding> padding) {
        Tensor phi = feature.apply(call.q());
        Tensor psi = hidden(feature.apply(call.k()), padding);
        return new AttentionCall(phi, psi, call.v(), (from, count) -> {
            Tensor scores = causalScores(phi, psi, from, count);
            Tensor sums = scores.sum(new long[] {3}, true, null);
            return scores.div(Ops.fill(sums, sums.eq(new Scalar(0)), 1));
        });
    }

    /** Rows {@code from} on of q k^T, 0 above the diagonal: (B, H, count, N). */
    static Tensor causalScores(Tensor q, Tensor k, long from, long count) {
        return q.narrow(2, from, count).matmul(k.transpose(2, 3)).tril(from);
    }

    @Override
    public MixerState state(long batch, long heads, long width, long valueWidth, Tensor like) {
        return new TensorState(batch, () ->
                List.of(torch.zeros(new long[] {batch, heads, width, valueWidth}, like.options()),
                torch.zeros(new long[] {batch, heads, 1, width}, like.options())));
    }

    @Override
    public Tensor extend(Call call, MixerState state) {
        TensorState held = (TensorState) state;
        Tensor phi = feature.apply(call.q());
        Tensor psi = feature.apply(call.k());
        Tensor sums = psi.cumsum(2).add(held.get(1)); // (B, H, N, e)
        CausalLinearAttention.Result result = CausalLinearAttention.withState(phi, psi, call.v(),
                new double[(int) phi.size(1)], held.get(0), Form.AUTO);
        held.set(0, result.state());
        held.set(1, sums.narrow(2, sums.size(2) - 1, 1).contiguous());
        held.advance(phi.size(2));
        return result.out().div(eta(phi, sums));
    }

    @Override
    public LinearSystem system(Tensor q, Tensor k, Tensor v, Tensor u, int head) {
        Tensor phi = feature.apply(q);
        Tensor psi = feature.apply(k);
        return AttentionSystem.of(phi, psi, v, AttentionSystem.logSum(phi, psi));
    }
}
