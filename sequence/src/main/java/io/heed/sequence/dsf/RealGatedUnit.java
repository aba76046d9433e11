package io.heed.sequence.dsf;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.DiagonalRecurrence;
import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * The real-gated linear recurrent unit (De et al., Griffin, arXiv 2402.19427, section 2.4) and a projection:
 *
 * <pre>
 *   log a_t = -8 softplus(Lambda) sigmoid(W_r u_t + b_r)
 *   h_t = a_t h_{t-1} + sqrt(1 - a_t^2) sigmoid(W_i u_t + b_i) u_t,    y_t = W_o h_t
 * </pre>
 *
 * <p>Parameters {@code Lambda (D)}, {@code recurrence_gate.*}, {@code input_gate.*} (D, D),
 * {@code out_proj.weight (D, D)}.
 */
final class RealGatedUnit extends SequenceMixer implements Realisable {
    private static final double POWER = 8;
    // at the start a lies between these at an open gate
    private static final double LEAST = 0.9;
    private static final double MOST = 0.999;

    private final Tensor lambda;
    private final LinearImpl recurrenceGate;
    private final LinearImpl inputGate;
    private final LinearImpl out;

    RealGatedUnit(long width, int layers) {
        super("rg-lru");
        lambda = Registration.parameter(this, "Lambda", rates(width));
        recurrenceGate = register_module("recurrence_gate", Initialisation.linear(width, width, true));
        inputGate = register_module("input_gate", Initialisation.linear(width, width, true));
        out = register_module("out_proj", Initialisation.residual(width, width, false, layers));
    }

    static RealGatedUnit of(MixerConfig config) {
        DynamicAttention.requireCausal(config, "rg-lru");
        return new RealGatedUnit(config.width(), config.layers());
    }

    /** softplus(Lambda) = -ln(a) / 8 for a uniform between {@value #LEAST} and {@value #MOST}. */
    private static Tensor rates(long width) {
        Tensor a = torch.rand(width).mul(new Scalar(MOST - LEAST)).add(new Scalar(LEAST));
        return a.log().div(new Scalar(-POWER)).expm1().log();
    }

    @Override
    public Set<Pattern> patterns() {
        return EnumSet.of(Pattern.CAUSAL_SELF);
    }

    /** What was written longer ago is forgotten more. */
    @Override
    public boolean carriesOrder() {
        return true;
    }

    /** log a, (B, N, D). */
    private Tensor logGates(Tensor u) {
        return recurrenceGate.forward(u).sigmoid().mul(torch.softplus(lambda)).mul(new Scalar(-POWER));
    }

    /** sqrt(1 - a^2) sigmoid(W_i u + b_i), (B, N, D). */
    private Tensor scales(Tensor u, Tensor logGates) {
        return logGates.mul(new Scalar(2)).expm1().neg().sqrt().mul(inputGate.forward(u).sigmoid());
    }

    private Tensor states(Tensor u, Tensor initial, Optional<Padding> padding, Form form) {
        Tensor log = logGates(u);
        Tensor written = scales(u, log).mul(u);
        if (padding.isEmpty()) {
            return DiagonalRecurrence.states(log.exp(), written, initial, form);
        }
        Tensor padded = padding.get().mask().unsqueeze(-1);
        return DiagonalRecurrence.states(Ops.fill(log.exp(), padded, 1), Ops.fill(written, padded, 0), initial, form);
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        DynamicAttention.refuseMemory(context, this);
        return out.forward(states(x, null, context.padding(), context.form()));
    }

    @Override
    public MixerState state(long batch) {
        long[] shape = {batch, lambda.size(0)};
        return new TensorState(batch, () -> List.of(torch.zeros(shape, lambda.detach().options())));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            TensorState held = (TensorState) state;
            Tensor states = states(x, held.get(0), Optional.empty(), Form.AUTO);
            held.set(0, states.select(1, -1).contiguous());
            held.advance(x.size(1));
            return out.forward(states);
        }
    }

    @Override
    public LinearSystem system(Tensor x) {
        Tensor log = logGates(x);
        Tensor reads = torch.eye(x.size(1), x.options()).expand(x.size(0), x.size(1), x.size(1));
        return LinearSystem.of(x, log.exp(), torch.diag_embed(scales(x, log)), reads).through(out.weight(), null);
    }
}
