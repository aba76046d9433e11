package io.heed.sequence.dsf;

import java.util.List;
import java.util.Optional;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.nn.CausalLinearAttention;
import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.sequence.MixerState;
import io.heed.sequence.TensorState;

/**
 * q . k over a learned scalar of the token, eta(w_n . u + b_n): weights may be negative. Since A_i = eta_{i-1} / eta_i
 * telescopes, 1 / eta is a gate on the output, and the state is sum k v^T (B, H, e, f).
 */
final class NormalisedHeads implements HeadMixing {
    private final LinearImpl scalar;
    private final Normaliser normaliser;

    /** Registers {@code Wn.weight (H, D)} and, if asked, {@code Wn.bias (H)} with {@code owner}. */
    NormalisedHeads(Module owner, long width, int heads, boolean bias, Normaliser normaliser) {
        scalar = owner.register_module("Wn", Initialisation.linear(width, heads, bias));
        this.normaliser = normaliser;
    }

    /** log eta, (.., N, D) to (.., N, H). */
    private Tensor logEta(Tensor u) {
        return normaliser.log(scalar.forward(u));
    }

    /** 1 / eta, (B, H, N, 1). */
    private Tensor gate(Tensor u) {
        return logEta(u).neg().exp().transpose(1, 2).unsqueeze(-1);
    }

    @Override
    public Tensor outputs(Call call, Optional<Padding> padding, Form form) {
        Tensor k = LinearHeads.hidden(call.k(), padding);
        return CausalLinearAttention.outputs(call.q(), k, call.v(), new double[(int) k.size(1)], form)
                .mul(gate(call.u()));
    }

    @Override
    public AttentionCall weights(Call call, Optional<Padding> padding) {
        Tensor k = LinearHeads.hidden(call.k(), padding);
        Tensor gate = gate(call.u());
        return new AttentionCall(call.q(), k, call.v(), (from, count) ->
                LinearHeads.causalScores(call.q(), k, from, count).mul(gate.narrow(2, from, count)));
    }

    @Override
    public MixerState state(long batch, long heads, long width, long valueWidth, Tensor like) {
        return new TensorState(batch, () ->
                List.of(torch.zeros(new long[] {batch, heads, width, valueWidth}, like.options())));
    }

    @Override
    public Tensor extend(Call call, MixerState state) {
        TensorState held = (TensorState) state;
        CausalLinearAttention.Result result = CausalLinearAttention.withState(call.q(), call.k(), call.v(),
                new double[(int) call.q().size(1)], held.get(0), Form.AUTO);
        held.set(0, result.state());
        held.advance(call.q().size(2));
        return result.out().mul(gate(call.u()));
    }

    @Override
    public LinearSystem system(Tensor q, Tensor k, Tensor v, Tensor u, int head) {
        return AttentionSystem.of(q, k, v, logEta(u).select(1, head));
    }
}
