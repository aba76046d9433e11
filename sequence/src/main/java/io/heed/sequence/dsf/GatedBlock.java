package io.heed.sequence.dsf;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
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
 * The mixer of a Mamba block (Gu and Dao, arXiv 2312.00752, section 3.4) around S6, as there, or around attention, so
 * that only the recurrence differs between the two.
 *
 * <pre>
 *   [u, z] = W_in x,   u = silu(conv(u)),   y = W_out (core(u) silu(z)) + b_out
 * </pre>
 *
 * <p>Parameters {@code in_proj.weight (2 E, D)}, {@code conv1d.weight (E, 1, K)}, {@code conv1d.bias (E)}, those of the
 * core ({@link SelectiveCore} or {@link AttentionCore} without biases), {@code out_proj.weight (D, E)}, and around
 * attention {@code out_proj.bias (D)}.
 */
final class GatedBlock extends SequenceMixer implements Realisable {
    /** The attentions that it may hold. */
    enum Attention { LINEAR, SOFTMAX }

    private final long inner;
    private final LinearImpl in;
    private final ShortConvolution convolution;
    private final RecurrentCore core;
    private final LinearImpl out;

    /**
     * @param inner E, channels of the core
     * @param taps  K of the convolution
     * @param bias  whether the last projection has one
     * @param core  registers the core with its owner
     */
    private GatedBlock(String name, MixerConfig config, long inner, long taps, boolean bias,
                       Function<Module, RecurrentCore> core) {
        super(name);
        DynamicAttention.requireCausal(config, name);
        this.inner = inner;
        in = register_module("in_proj", Initialisation.linear(config.width(), 2 * inner, false));
        convolution = register_module("conv1d", new ShortConvolution(inner, taps, true));
        this.core = core.apply(this);
        out = register_module("out_proj", Initialisation.residual(inner, config.width(), bias, config.layers()));
    }

    /** Around S6 on {@code expand} times the width. */
    static GatedBlock mamba(MixerConfig config) {
        MixerOptions options = MixerOptions.of(config);
        long inner = options.integer("expand", 2) * config.width();
        int states = options.integer("states", 16);
        return new GatedBlock("mamba", config, inner, options.integer("taps", 4), false,
                owner -> new SelectiveCore(owner, inner, states, SelectiveCore.standardRank(config.width()),
                        SelectiveCore.Rates.EVERY_STATE));
    }

    /** Around attention on the width. */
    static GatedBlock attention(MixerConfig config) {
        AttentionSizes sizes = DynamicAttention.sizes(config, "gated-attention").withoutBias();
        MixerOptions options = MixerOptions.of(config);
        HeadMixing mixing = switch (options.choice("attention", Attention.class, Attention.LINEAR)) {
            case LINEAR -> new LinearHeads(FeatureMap.ELU_PLUS_ONE);
            case SOFTMAX -> new SoftmaxHeads();
        };
        return new GatedBlock("gated-attention", config, config.width(), options.integer("taps", 4), true,
                owner -> new AttentionCore(owner, sizes, mixing));
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
            ShortConvolution.Extension convolved = convolution.extend(both.narrow(-1, 0, inner), held.get(0));
            held.set(0, convolved.history());
            held.advance(x.size(1));
            return out.forward(core.extend(torch.silu(convolved.out()), joined.part(0)).mul(gate(both)));
        }
    }

    /** Driven by the convolved input. */
    @Override
    public LinearSystem system(Tensor x) {
        Tensor both = in.forward(x);
        Tensor u = convolution.forward(both.narrow(-1, 0, inner).unsqueeze(0), Form.REFERENCE).squeeze(0);
        return core.system(torch.silu(u)).gated(gate(both))
                .through(out.weight(), out.options().bias().get() ? out.bias() : null);
    }
}
