package io.heed.sequence.dsf;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Initialisation;
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
 * The Mamba mixer (Gu and Dao, arXiv 2312.00752, section 3.4): S6 on a convolved input, gated.
 *
 * <pre>
 *   [u, z] = W_in x,   u = silu(conv(u)),   y = W_out (S6(u) silu(z))
 * </pre>
 *
 * <p>Parameters {@code in_proj.weight (2 E, D)}, {@code conv1d.weight (E, 1, K)}, {@code conv1d.bias (E)}, those of
 * {@link SelectiveCore} on E channels, {@code out_proj.weight (D, E)}.
 */
final class Mamba extends SequenceMixer implements Realisable {
    private final long inner;
    private final LinearImpl in;
    private final ShortConvolution convolution;
    private final SelectiveCore core;
    private final LinearImpl out;

    /**
     * @param width  D
     * @param inner  E, channels of the state space
     * @param states n
     * @param taps   K of the convolution
     * @param rank   width of the step size's bottleneck
     */
    Mamba(long width, long inner, long states, long taps, long rank, int layers) {
        super("mamba");
        this.inner = inner;
        in = register_module("in_proj", Initialisation.linear(width, 2 * inner, false));
        convolution = register_module("conv1d", new ShortConvolution(inner, taps, true));
        core = new SelectiveCore(this, inner, states, rank, SelectiveCore.Rates.EVERY_STATE);
        out = register_module("out_proj", Initialisation.residual(inner, width, false, layers));
    }

    static Mamba of(MixerConfig config) {
        DynamicAttention.requireCausal(config, "mamba");
        MixerOptions options = MixerOptions.of(config);
        return new Mamba(config.width(), options.integer("expand", 2) * config.width(), options.integer("states", 16),
                options.integer("taps", 4), SelectiveCore.standardRank(config.width()), config.layers());
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

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        DynamicAttention.refuseMemory(context, this);
        Tensor both = in.forward(x);
        Tensor u = both.narrow(-1, 0, inner);
        Tensor seen = context.padding().map(padding -> Ops.fill(u, padding.mask().unsqueeze(-1), 0)).orElse(u);
        Tensor convolved = torch.silu(convolution.forward(seen, context.form()));
        return out.forward(core.forward(convolved, context).mul(gate(both)));
    }

    private Tensor gate(Tensor both) {
        return torch.silu(both.narrow(-1, inner, inner));
    }

    @Override
    public MixerState state(long batch) {
        return new TensorState(batch, () -> List.of(core.state(batch), convolution.history(batch)));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            TensorState held = (TensorState) state;
            Tensor both = in.forward(x);
            ShortConvolution.Extension convolved = convolution.extend(both.narrow(-1, 0, inner), held.get(1));
            Tensor mixed = core.extend(torch.silu(convolved.out()), held, 0);
            held.set(1, convolved.history());
            held.advance(x.size(1));
            return out.forward(mixed.mul(gate(both)));
        }
    }

    /** Driven by the convolved input. */
    @Override
    public LinearSystem system(Tensor x) {
        Tensor both = in.forward(x);
        Tensor u = convolution.forward(both.narrow(-1, 0, inner).unsqueeze(0), Form.REFERENCE).squeeze(0);
        return core.system(torch.silu(u)).gated(gate(both)).through(out.weight(), null);
    }
}
