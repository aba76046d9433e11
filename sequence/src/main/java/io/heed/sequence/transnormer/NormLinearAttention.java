package io.heed.sequence.transnormer;

import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.nn.CausalLinearAttention;
import io.heed.nn.Form;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.sequence.DecayRates;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * TransNormerLLM's token mixer; see the package for the equations. The fused form is lightning attention's kernel on
 * the turned queries and keys. Its state is one (d', d) matrix a head, d' = 2d with LRPE.
 *
 * <p>Parameters {@code qkvu_proj.weight (4D, D)}: query, key, value, gate (3D without the gate); {@code out_proj.weight
 * (D, D)};
 * biases if asked; {@code lrpe.theta (H, 1, d)} with LRPE.
 */
public final class NormLinearAttention extends SequenceMixer {
    /** Which layers of a stack encode positions besides their decay. */
    enum Positions { FIRST, ALL, NONE }

    private final NormLinearConfig config;
    private final LinearImpl projection;
    private final LinearImpl outProjection;
    private final Lrpe lrpe;

    /** Builds it with fresh weights. */
    public NormLinearAttention(NormLinearConfig config) {
        super("NormLinearAttention");
        this.config = config;
        long width = config.width();
        projection = register_module("qkvu_proj",
                Initialisation.linear(width, (config.gate() ? 4 : 3) * width, config.bias()));
        outProjection = register_module("out_proj",
                Initialisation.residual(width, width, config.bias(), config.layers()));
        lrpe = config.lrpe() ? register_module("lrpe", new Lrpe(config.heads(), config.headWidth())) : null;
    }

    /**
     * Builds it for a backbone.
     *
     * @throws IllegalArgumentException for a non-causal or grouped configuration
     */
    static NormLinearAttention of(MixerConfig config) {
        if (!config.causal()) {
            throw new IllegalArgumentException("transnormer-llm decays with distance into the past: it is causal only");
        }
        if (config.keyValueHeads() != config.heads()) {
            throw new IllegalArgumentException("transnormer-llm has no grouped heads: key/value heads must be "
                    + config.heads() + ", got " + config.keyValueHeads());
        }
        MixerOptions options = MixerOptions.of(config);
        Positions positions = options.choice("lrpe", Positions.class, Positions.FIRST);
        return new NormLinearAttention(new NormLinearConfig(config.width(),
                options.flag("decay", true) ? DecayRates.of(config.heads(), config.layer(), config.layers())
                        : DecayRates.none(config.heads()), false,
                positions == Positions.ALL || positions == Positions.FIRST && config.layer() == 0,
                options.flag("gate", true), options.choice("norm", ChannelNorm.class, ChannelNorm.SIMPLE_RMS),
                ChannelNorm.EPSILON, config.layers()));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(Pattern.CAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return lrpe != null || config.decays();
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException("transnormer-llm attends to its own sequence, not to a memory");
        }
        Projected p = project(x, 0);
        Tensor value = context.padding()
                .map(padding -> Ops.fill(p.value, padding.mask().unsqueeze(1).unsqueeze(-1), 0)).orElse(p.value);
        Tensor out = CausalLinearAttention.outputs(p.query, p.key, value, config.rates(), context.form());
        return output(context.watch(out, () -> new AttentionCall(p.query, p.key, value, (from, count) ->
                CausalLinearAttention.weights(p.query, p.key, config.rates(), from, count))), p.gate);
    }

    @Override
    public MixerState state(long batch) {
        long width = config.headWidth();
        long[] shape = {batch, config.heads(), lrpe == null ? width : 2 * width, width};
        return new TensorState(batch, () -> List.of(torch.zeros(shape, projection.weight().options())));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    /** The robust form: the state is decayed as it is carried on, by chunks of any lengths. */
    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        TensorState held = (TensorState) state;
        try (NoGradGuard _ = new NoGradGuard()) {
            Projected p = project(x, held.position());
            CausalLinearAttention.Result result = CausalLinearAttention.withState(p.query, p.key, p.value,
                    config.rates(),
                    held.get(0), Form.AUTO);
            held.set(0, result.state());
            held.advance(x.size(1));
            return output(result.out(), p.gate);
        }
    }

    /** Queries and keys (B, H, N, d'), values (B, H, N, d), the gate (B, N, D) or null. */
    private record Projected(Tensor query, Tensor key, Tensor value, Tensor gate) { }

    private Projected project(Tensor x, long first) {
        TensorVector parts = projection.forward(x).chunk(config.gate() ? 4 : 3, -1);
        Tensor query = Heads.split(torch.silu(parts.get(0)), config.heads());
        Tensor key = Heads.split(torch.silu(parts.get(1)), config.heads());
        Tensor value = Heads.split(parts.get(2), config.heads());
        Tensor gate = config.gate() ? parts.get(3) : null;
        if (lrpe == null) {
            return new Projected(query, key, value, gate);
        }
        Lrpe.Turns turns = lrpe.at(first, x.size(1));
        return new Projected(turns.apply(query), turns.apply(key), value, gate);
    }

    /** (u * norm(o)) Wo, the norm over all heads' channels together. */
    private Tensor output(Tensor heads, Tensor gate) {
        Tensor merged = config.norm().apply(Heads.merge(heads), config.epsilon());
        return outProjection.forward(gate == null ? merged : gate.mul(merged));
    }
}
