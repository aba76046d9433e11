package io.heed.sequence.lightning;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.nn.CausalLinearAttention;
import io.heed.nn.Form;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.nn.Padding;
import io.heed.sequence.DecayRates;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;

/**
 * TNL's attention layer around lightning attention. Its state is one (d, d) matrix a head, whatever the number of
 * tokens.
 *
 * <p>Parameters {@code q_proj.weight}, {@code k_proj.weight}, {@code v_proj.weight}, {@code o_proj.weight} (D, D),
 * {@code norm.weight}, {@code norm.bias} (D), {@code output_gate.0.weight} (d, D), {@code output_gate.1.weight} (D, d),
 * and a bias for each linear map if asked. The decay rates are computed, not stored.
 */
public final class TnlAttention extends SequenceMixer {
    private static final double EPSILON = 1e-5;

    private final int heads;
    private final long headWidth;
    private final double[] rates;
    private final LinearImpl queryProjection;
    private final LinearImpl keyProjection;
    private final LinearImpl valueProjection;
    private final LinearImpl outProjection;
    private final Norm norm;
    private final LinearImpl gateIn;
    private final LinearImpl gateOut;

    /**
     * @param width   D
     * @param rates   decay rates, one a head: {@link DecayRates}
     * @param bias    whether the linear maps have biases
     * @param epsilon of the norm
     * @param layers  layers of the model, for the initial scale of the last projection
     * @throws IllegalArgumentException when the width is not a multiple of the heads
     */
    public TnlAttention(long width, double[] rates, boolean bias, double epsilon, int layers) {
        super("TnlAttention");
        heads = rates.length;
        if (heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
        this.rates = rates.clone();
        headWidth = width / heads;
        queryProjection = register_module("q_proj", Initialisation.linear(width, width, bias));
        keyProjection = register_module("k_proj", Initialisation.linear(width, width, bias));
        valueProjection = register_module("v_proj", Initialisation.linear(width, width, bias));
        outProjection = register_module("o_proj", Initialisation.residual(width, width, bias, layers));
        norm = register_module("norm", new Norm.Layer(width, epsilon));
        gateIn = Initialisation.linear(width, headWidth, bias);
        gateOut = Initialisation.linear(headWidth, width, bias);
        SequentialImpl gate = register_module("output_gate", new SequentialImpl());
        gate.push_back(gateIn);
        gate.push_back(gateOut);
    }

    /**
     * Builds it for a backbone; with the option {@code decay=false} no head forgets.
     *
     * @throws IllegalArgumentException for a non-causal or grouped configuration
     */
    static TnlAttention of(MixerConfig config) {
        if (!config.causal()) {
            throw new IllegalArgumentException(
                    "lightning-attention decays with distance into the past: it is causal only");
        }
        if (config.keyValueHeads() != config.heads()) {
            throw new IllegalArgumentException("lightning-attention has no grouped heads: key/value heads must be "
                    + config.heads() + ", got " + config.keyValueHeads());
        }
        double[] rates = MixerOptions.of(config).flag("decay", true)
                ? DecayRates.of(config.heads(), config.layer(), config.layers()) : DecayRates.none(config.heads());
        return new TnlAttention(config.width(), rates, false, EPSILON, config.layers());
    }

    @Override
    public Set<Pattern> patterns() {
        return EnumSet.of(Pattern.CAUSAL_SELF);
    }

    /** Decay tells near from far; where no head decays, nothing does. */
    @Override
    public boolean carriesOrder() {
        for (double rate : rates) {
            if (rate > 0) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException("lightning-attention attends to its own sequence, not to a memory");
        }
        Tensor query = head(queryProjection, x);
        Tensor key = context.padding().map(padding -> hide(head(keyProjection, x), padding))
                .orElseGet(() -> head(keyProjection, x));
        Tensor value = head(valueProjection, x);
        Tensor out = CausalLinearAttention.outputs(query, key, value, rates, context.form());
        return gated(x, context.watch(out, () -> new AttentionCall(query, key, value,
                (from, count) -> CausalLinearAttention.weights(query, key, rates, from, count))));
    }

    /** A key of 0 adds nothing to any sum. */
    private static Tensor hide(Tensor key, Padding padding) {
        Tensor padded = padding.mask().unsqueeze(1).unsqueeze(-1); // (B, 1, N, 1)
        return key.masked_fill(padded, new Scalar(0));
    }

    /** silu(x W) in heads: (B, H, N, d), a view. */
    private Tensor head(LinearImpl projection, Tensor x) {
        return Heads.split(torch.silu(projection.forward(x)), heads);
    }

    /** (LN(o) * sigmoid((x Wg1) Wg2)) Wo. */
    private Tensor gated(Tensor x, Tensor out) {
        Tensor gate = gateOut.forward(gateIn.forward(x)).sigmoid();
        return outProjection.forward(norm.forward(Heads.merge(out)).mul(gate));
    }

    @Override
    public MixerState state(long batch) {
        long[] shape = {batch, heads, headWidth, headWidth};
        return new TensorState(batch, () -> List.of(torch.zeros(shape, queryProjection.weight().options())));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    /** The chunk starts from the state: chunks of any lengths give what the whole sequence gives. */
    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        TensorState held = (TensorState) state;
        try (NoGradGuard _ = new NoGradGuard()) {
            CausalLinearAttention.Result result = CausalLinearAttention.withState(head(queryProjection, x),
                    head(keyProjection, x), head(valueProjection, x), rates, held.get(0), Form.AUTO);
            held.set(0, result.state());
            held.advance(x.size(1));
            return gated(x, result.out());
        }
    }
}
