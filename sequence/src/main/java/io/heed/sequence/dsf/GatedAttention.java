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
import io.heed.sequence.JoinedState;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * Attention in the place of the state space of a Mamba block, so that only the recurrence differs between the two.
 *
 * <pre>
 *   [u, z] = W_in x,   u = silu(conv(u)),   y = W_out (attention(u) silu(z)) + b_out
 * </pre>
 *
 * <p>Parameters {@code in_proj.weight (2 D, D)}, {@code conv1d.weight (D, 1, K)}, {@code conv1d.bias (D)}, those of
 * {@link AttentionCore} without biases, {@code out_proj.weight (D, D)}, {@code out_proj.bias (D)}.
 */
final class GatedAttention extends SequenceMixer implements Realisable {
    /** The attentions that it may hold. */
    enum Kind { LINEAR, SOFTMAX }

    private final long width;
    private final LinearImpl in;
    private final ShortConvolution convolution;
    private final AttentionCore core;
    private final LinearImpl out;

    GatedAttention(AttentionSizes sizes, long taps, Kind kind, int layers) {
        super("gated-attention");
        width = sizes.width();
        in = register_module("in_proj", Initialisation.linear(width, 2 * width, sizes.bias()));
        convolution = register_module("conv1d", new ShortConvolution(width, taps, true));
        core = new AttentionCore(this, sizes, kind == Kind.SOFTMAX ? new SoftmaxHeads()
                : new LinearHeads(FeatureMap.ELU_PLUS_ONE));
        out = register_module("out_proj", Initialisation.residual(width, width, true, layers));
    }

    static GatedAttention of(MixerConfig config) {
        AttentionSizes sizes = DynamicAttention.sizes(config, "gated-attention").withoutBias();
        MixerOptions options = MixerOptions.of(config);
        return new GatedAttention(sizes, options.integer("taps", 4),
                options.choice("attention", Kind.class, Kind.LINEAR),
                config.layers());
    }

    @Override
    public Set<Pattern> patterns() {
        return EnumSet.of(Pattern.CAUSAL_SELF);
    }

    /** The convolution tells near from far. */
    @Override
    public boolean carriesOrder() {
        return true;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        DynamicAttention.refuseMemory(context, this);
        Tensor both = in.forward(x);
        Tensor u = both.narrow(-1, 0, width);
        Tensor seen = context.padding().map(padding -> Ops.fill(u, padding.mask().unsqueeze(-1), 0)).orElse(u);
        Tensor convolved = torch.silu(convolution.forward(seen, context.form()));
        return out.forward(core.forward(convolved, context).mul(gate(both)));
    }

    private Tensor gate(Tensor both) {
        return torch.silu(both.narrow(-1, width, width));
    }

    @Override
    public MixerState state(long batch) {
        return new JoinedState(core.state(batch), new TensorState(batch, () -> List.of(convolution.history(batch))));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            JoinedState joined = (JoinedState) state;
            TensorState held = (TensorState) joined.part(1);
            Tensor both = in.forward(x);
            ShortConvolution.Extension convolved = convolution.extend(both.narrow(-1, 0, width), held.get(0));
            held.set(0, convolved.history());
            held.advance(x.size(1));
            return out.forward(core.extend(torch.silu(convolved.out()), joined.part(0)).mul(gate(both)));
        }
    }

    /** Driven by the convolved input. */
    @Override
    public LinearSystem system(Tensor x) {
        Tensor both = in.forward(x);
        Tensor u = convolution.forward(both.narrow(-1, 0, width).unsqueeze(0), Form.REFERENCE).squeeze(0);
        return core.system(torch.silu(u)).gated(gate(both)).through(out.weight(), out.bias());
    }
}
