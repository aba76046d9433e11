package io.heed.sequence.dsf;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.DiagonalRecurrence;
import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.nn.ShortConvolution;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * The quasi LSTM: an LSTM whose gates see the convolved input and not the hidden state, so that it is a linear system.
 *
 * <pre>
 *   [g, u] = W_in x;   u = conv(u);   [f, i, o] = W_g u + b_g
 *   h_t = a_t h_{t-1} + sigmoid(i_t) u_t,     a = sigmoid(f), or sigmoid(-f)^relu(alpha) reversed
 *   y_t = W_out (gelu(g_t) sigmoid(o_t) h_t)
 * </pre>
 *
 * The reversed gate is the one of S6: exp(-alpha softplus(f)) = sigmoid(-f)^alpha.
 *
 * <p>Parameters {@code alpha ()} (a constant where not reversed), {@code input.weight (2 h, D)},
 * {@code conv.weight (h, 1, K)}, {@code conv.bias (h)}, {@code gates.weight (3 h, h)}, {@code gates.bias (3 h)},
 * {@code output.weight (D, h)}.
 */
final class QuasiLstm extends SequenceMixer implements Realisable {
    private final long hidden;
    private final boolean reversed;
    private final Tensor alpha;
    private final LinearImpl input;
    private final ShortConvolution convolution;
    private final LinearImpl gates;
    private final LinearImpl output;

    /**
     * @param width    D
     * @param hidden   h
     * @param taps     K of the convolution
     * @param reversed whether the forget gate is the reversed sigmoid
     */
    QuasiLstm(long width, long hidden, long taps, boolean reversed) {
        super("qlstm");
        this.hidden = hidden;
        this.reversed = reversed;
        Tensor one = torch.ones(new long[0]);
        alpha = reversed ? Registration.parameter(this, "alpha", one) : Registration.buffer(this, "alpha", one);
        input = register_module("input", Initialisation.linear(width, 2 * hidden, false));
        convolution = register_module("conv", new ShortConvolution(hidden, taps, true));
        gates = register_module("gates", Initialisation.linear(hidden, 3 * hidden, true));
        output = register_module("output", Initialisation.linear(hidden, width, false));
        try (NoGradGuard _ = new NoGradGuard()) {
            input.weight().normal_(0, Math.pow(width, -0.5), null);
            gates.weight().normal_(0, Math.pow(hidden, -0.5), null);
            output.weight().normal_(0, Math.pow(hidden, -0.5), null);
        }
    }

    static QuasiLstm of(MixerConfig config) {
        DynamicAttention.requireCausal(config, "qlstm");
        MixerOptions options = MixerOptions.of(config);
        return new QuasiLstm(config.width(), options.integer("expand", 2) * config.width(), options.integer("taps", 4),
                options.flag("reversed", false));
    }

    @Override
    public Set<Pattern> patterns() {
        return EnumSet.of(Pattern.CAUSAL_SELF);
    }

    /** The convolution and forgetting tell near from far. */
    @Override
    public boolean carriesOrder() {
        return true;
    }

    /**
     * What an input is turned into.
     *
     * @param gate  g, (B, N, h)
     * @param u     the convolved input, (B, N, h)
     * @param gates f, i, o, (B, N, 3 h)
     */
    private record Projected(Tensor gate, Tensor u, Tensor gates) { }

    private Projected project(Tensor gate, Tensor u) {
        return new Projected(gate, u, gates.forward(u));
    }

    /** The forget factors, (B, N, h); the power is taken of the logarithm, which no sigmoid near 0 can spoil. */
    private Tensor forget(Projected p) {
        Tensor f = p.gates.narrow(-1, 0, hidden);
        return reversed ? torch.log_sigmoid(f.neg()).mul(alpha.relu()).exp() : f.sigmoid();
    }

    /** The forget factors on an input (B, N, D), (B, N, h): near 1 where a channel remembers. */
    Tensor forgetFactors(Tensor x) {
        Tensor both = input.forward(x);
        Tensor u = convolution.forward(both.narrow(-1, hidden, hidden), Form.REFERENCE);
        return forget(project(both.narrow(-1, 0, hidden), u));
    }

    /** sigmoid(i), (B, N, h). */
    private Tensor write(Projected p) {
        return p.gates.narrow(-1, hidden, hidden).sigmoid();
    }

    /** gelu(g) sigmoid(o), (B, N, h). */
    private Tensor read(Projected p) {
        return torch.gelu(p.gate).mul(p.gates.narrow(-1, 2 * hidden, hidden).sigmoid());
    }

    private Tensor states(Projected p, Tensor initial, Optional<Padding> padding, Form form) {
        Tensor forget = forget(p);
        Tensor written = write(p).mul(p.u);
        if (padding.isEmpty()) {
            return DiagonalRecurrence.states(forget, written, initial, form);
        }
        Tensor padded = padding.get().mask().unsqueeze(-1);
        return DiagonalRecurrence.states(Ops.fill(forget, padded, 1), Ops.fill(written, padded, 0), initial, form);
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        DynamicAttention.refuseMemory(context, this);
        Tensor both = input.forward(x);
        Tensor u = both.narrow(-1, hidden, hidden);
        Tensor seen = context.padding().map(padding -> Ops.fill(u, padding.mask().unsqueeze(-1), 0)).orElse(u);
        Projected p = project(both.narrow(-1, 0, hidden), convolution.forward(seen, context.form()));
        return output.forward(read(p).mul(states(p, null, context.padding(), context.form())));
    }

    @Override
    public MixerState state(long batch) {
        return new TensorState(batch, () ->
                List.of(torch.zeros(new long[] {batch, hidden}, output.weight().detach().options()),
                convolution.history(batch)));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            TensorState held = (TensorState) state;
            Tensor both = input.forward(x);
            ShortConvolution.Extension convolved = convolution.extend(both.narrow(-1, hidden, hidden), held.get(1));
            Projected p = project(both.narrow(-1, 0, hidden), convolved.out());
            Tensor states = states(p, held.get(0), Optional.empty(), Form.AUTO);
            held.set(0, states.select(1, -1).contiguous());
            held.set(1, convolved.history());
            held.advance(x.size(1));
            return output.forward(read(p).mul(states));
        }
    }

    /** Driven by the convolved input, as in the paper. */
    @Override
    public LinearSystem system(Tensor x) {
        Tensor both = input.forward(x);
        Tensor u = convolution.forward(both.narrow(-1, hidden, hidden).unsqueeze(0), Form.REFERENCE).squeeze(0);
        Projected p = project(both.narrow(-1, 0, hidden), u);
        return LinearSystem.of(u, forget(p), torch.diag_embed(write(p)), torch.diag_embed(read(p)))
                .through(output.weight(), null);
    }
}
