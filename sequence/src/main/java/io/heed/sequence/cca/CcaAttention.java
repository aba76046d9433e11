package io.heed.sequence.cca;

import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.nn.Form;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Rotary;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * Multi-head core context aware attention with rotary positions; see the package. It has the parameters of plain
 * attention, so the weights of a plain model fit it. Its state holds the cores and the near tokens' queries, keys and
 * values.
 *
 * <p>Parameters {@code q_proj.weight (H d, D)}, {@code k_proj.weight}, {@code v_proj.weight} (G d, D),
 * {@code o_proj.weight} (D, H d), no biases.
 */
public final class CcaAttention extends SequenceMixer {
    private static final double BASE = 10_000;

    private final int heads;
    private final int keyValueHeads;
    private final CoreConfig config;
    private final Rotary rotary;
    private final LinearImpl queryProjection;
    private final LinearImpl keyProjection;
    private final LinearImpl valueProjection;
    private final LinearImpl outProjection;

    /**
     * What surrounds the attention.
     *
     * @param width         D
     * @param heads         H
     * @param keyValueHeads G, a divisor of H
     * @param base          of the rotary frequencies; 0 for no positions
     * @param layers        layers of the model, for the initial scale of the last projection
     */
    public record Sizes(long width, int heads, int keyValueHeads, double base, int layers) {
        /** @throws IllegalArgumentException for sizes that do not fit each other */
        public Sizes {
            if (heads < 1 || width % heads != 0 || keyValueHeads < 1 || heads % keyValueHeads != 0) {
                throw new IllegalArgumentException("width " + width + ", " + heads + " heads and " + keyValueHeads
                        + " key/value heads: each must be a multiple of the next");
            }
        }
    }

    public CcaAttention(Sizes sizes, CoreConfig config) {
        super("CcaAttention");
        this.config = config;
        heads = sizes.heads();
        keyValueHeads = sizes.keyValueHeads();
        long d = sizes.width() / heads;
        rotary = sizes.base() == 0 ? null : new Rotary(d, sizes.base(), Rotary.Layout.HALVES);
        queryProjection = register_module("q_proj", Initialisation.linear(sizes.width(), sizes.width(), false));
        keyProjection = register_module("k_proj", Initialisation.linear(sizes.width(), keyValueHeads * d, false));
        valueProjection = register_module("v_proj", Initialisation.linear(sizes.width(), keyValueHeads * d, false));
        outProjection = register_module("o_proj",
                Initialisation.residual(sizes.width(), sizes.width(), false, sizes.layers()));
    }

    /**
     * Builds it for a backbone.
     *
     * @throws IllegalArgumentException for a non-causal configuration, or an option's value that it cannot take
     */
    static CcaAttention of(MixerConfig config) {
        if (!config.causal()) {
            throw new IllegalArgumentException("cca-attention merges what is past: it is causal only");
        }
        MixerOptions options = MixerOptions.of(config);
        boolean turned = options.text("positions", "rotary").strip().equals("rotary");
        if (!turned && !options.text("positions", "rotary").strip().equals("none")) {
            throw new IllegalArgumentException("option positions=" + options.text("positions", "")
                    + ": must be rotary or none");
        }
        return new CcaAttention(new Sizes(config.width(), config.heads(), config.keyValueHeads(), turned ? BASE : 0,
                config.layers()), new CoreConfig(options.integer("group", 8), options.integer("window", 32),
                options.choice("pool", CoreConfig.Pool.class, CoreConfig.Pool.CCA)));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(Pattern.CAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return rotary != null;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException("cca-attention attends to its own sequence, not to a memory");
        }
        Tensor q = queries(x, 0);
        Tensor k = keys(x, 0);
        Tensor v = values(x);
        Padding padding = context.padding().orElse(null);
        Tensor out = CoreAttention.outputs(q, k, v, config, padding, context.form());
        if (config.pool() == CoreConfig.Pool.MAX) { // no matrix of weights on tokens gives its outputs
            return output(out);
        }
        return output(context.watch(out, () -> new AttentionCall(q, k, v,
                (from, count) -> CoreAttention.tokenWeights(q, k, v, config, padding).narrow(2, from, count))));
    }

    private Tensor queries(Tensor x, long first) {
        return turn(Heads.split(queryProjection.forward(x), heads), first);
    }

    private Tensor keys(Tensor x, long first) {
        return turn(Heads.split(keyProjection.forward(x), keyValueHeads), first);
    }

    private Tensor values(Tensor x) {
        return Heads.split(valueProjection.forward(x), keyValueHeads);
    }

    private Tensor turn(Tensor x, long first) {
        return rotary == null ? x : rotary.apply(x, first);
    }

    private Tensor output(Tensor out) {
        return outProjection.forward(Heads.merge(out));
    }

    @Override
    public MixerState state(long batch) {
        TensorOptions options = queryProjection.weight().detach().options();
        long d = queryProjection.weight().size(0) / heads;
        return new TensorState(batch, () -> List.of(rows(batch, heads, d, options), rows(batch, heads, d, options),
                rows(batch, heads, d, options), rows(batch, keyValueHeads, d, options),
                rows(batch, keyValueHeads, d, options)));
    }

    private static Tensor rows(long batch, long heads, long width, TensorOptions options) {
        return torch.zeros(new long[] {batch, heads, 0, width}, options);
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    /**
     * The near tokens begin at a group's first token, so that the chunk's own groups are those of the whole sequence.
     * Groups that are older than the window afterwards leave the near tokens and stay as cores.
     */
    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        TensorState held = (TensorState) state;
        try (NoGradGuard _ = new NoGradGuard()) {
            long first = held.position();
            Tensor q = Ops.cat(2, held.get(2), queries(x, first));
            Tensor k = Ops.cat(2, held.get(3), keys(x, first));
            Tensor v = Ops.cat(2, held.get(4), values(x));
            int fresh = config.cores(k.size(2));
            CoreTokens merged = config.kept(k.size(2)) == 0 ? null : CoreTokens.of(q, Heads.repeat(k, heads),
                    Heads.repeat(v, heads),
                    fresh, config, null);
            Tensor out = first == 0 && Form.AUTO.isFused(q) ? CoreAttention.outputs(q, k, v, config, null, Form.AUTO)
                    : CoreAttention.continued(q.narrow(2, q.size(2) - x.size(1), x.size(1)), k, v, held.get(0),
                    held.get(1), merged,
                            config);
            if (merged != null) {
                held.set(0, Ops.cat(2, held.get(0), merged.keys()));
                held.set(1, Ops.cat(2, held.get(1), merged.values()));
            }
            long gone = (long) fresh * config.group();
            held.set(2, q.narrow(2, gone, q.size(2) - gone).clone());
            held.set(3, k.narrow(2, gone, k.size(2) - gone).clone());
            held.set(4, v.narrow(2, gone, v.size(2) - gone).clone());
            held.advance(x.size(1));
            return output(out);
        }
    }
}
