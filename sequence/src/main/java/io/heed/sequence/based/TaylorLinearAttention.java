package io.heed.sequence.based;

import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.AttentionCall;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * Global linear attention with few query and key channels; see the package. Its state is (P, d + 1) numbers a head.
 *
 * <p>Parameters {@code proj_q.weight}, {@code proj_k.weight} (H f, D), {@code proj_v.weight} (H d, D), {@code
 * out_proj.weight} (D, H d).
 */
public final class TaylorLinearAttention extends SequenceMixer {
    /** The denominators' eps. */
    static final double EPSILON = 1e-12;

    /**
     * What it is built from.
     *
     * @param width        D
     * @param heads        H
     * @param featureWidth f, channels of queries and keys a head
     * @param headWidth    d, channels of values a head
     * @param epsilon      added to the denominators
     * @param map          how queries and keys become features
     * @param layers       layers of the model, for the initial scale of the last projection
     */
    public record Config(long width, int heads, long featureWidth, long headWidth, double epsilon, FeatureMap map,
            int layers) {
        /** @throws IllegalArgumentException when a size is not positive */
        public Config {
            if (width < 1 || heads < 1 || featureWidth < 1 || headWidth < 1) {
                throw new IllegalArgumentException("linear attention of width " + width + ", " + heads
                        + " heads, feature width "
                        + featureWidth + " and head width " + headWidth + ": all must be positive");
            }
        }

        /** The Taylor map with eps 1e-12 and heads of D / H channels. */
        public static Config of(long width, int heads, long featureWidth, int layers) {
            return new Config(width, heads, featureWidth, width / heads, EPSILON, FeatureMap.TAYLOR, layers);
        }

        /** The same with another map. */
        public Config withMap(FeatureMap map) {
            return new Config(width, heads, featureWidth, headWidth, epsilon, map, layers);
        }
    }

    private final Config config;
    private final LinearImpl queryProjection;
    private final LinearImpl keyProjection;
    private final LinearImpl valueProjection;
    private final LinearImpl outProjection;

    public TaylorLinearAttention(Config config) {
        super("TaylorLinearAttention");
        this.config = config;
        long features = config.heads() * config.featureWidth();
        long values = config.heads() * config.headWidth();
        queryProjection = register_module("proj_q", Initialisation.linear(config.width(), features, false));
        keyProjection = register_module("proj_k", Initialisation.linear(config.width(), features, false));
        valueProjection = register_module("proj_v", Initialisation.linear(config.width(), values, false));
        outProjection = register_module("out_proj", Initialisation.residual(values, config.width(), false,
                config.layers()));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(Pattern.CAUSAL_SELF);
    }

    /** Within a prefix the order of tokens makes no difference. */
    @Override
    public boolean carriesOrder() {
        return false;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        BasedMixers.requireOwnSequence(context);
        Tensor q = queries(x);
        Tensor k = head(keyProjection, x);
        Tensor v = head(valueProjection, x);
        Padding padding = context.padding().orElse(null);
        Tensor out = config.map().outputs(q, k, v, padding, config.epsilon(), context.form());
        return outProjection.forward(Heads.merge(context.watch(out, () -> new AttentionCall(q, k, v,
                (from, count) -> weights(q, k, padding).narrow(2, from, count)))));
    }

    /** The attention matrix that the linear form never makes: (B, H, N, N). */
    private Tensor weights(Tensor q, Tensor k, Padding padding) {
        Tensor weights = config.map().weights(q, k);
        if (padding != null) {
            weights = Ops.fill(weights, padding.mask().unsqueeze(1).unsqueeze(1), 0);
        }
        return weights.div(Ops.shift(weights.sum(new long[] {-1}, true, null), config.epsilon()));
    }

    /** q, (B, H, N, f), a view. */
    Tensor queries(Tensor x) {
        return head(queryProjection, x);
    }

    private Tensor head(LinearImpl projection, Tensor x) {
        return Heads.split(projection.forward(x), config.heads());
    }

    @Override
    public MixerState state(long batch) {
        return new TensorState(batch, () -> List.of(config.map().empty(batch, config.heads(), config.featureWidth(),
                config.headWidth(), queryProjection.weight())));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    /**
     * The state takes phi(k) here and in {@link #step}, so that chunks of any lengths give what the whole sequence
     * gives.
     */
    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        TensorState held = (TensorState) state;
        try (NoGradGuard _ = new NoGradGuard()) {
            TaylorAttention.Result result = config.map().extend(queries(x), head(keyProjection, x),
                    head(valueProjection, x),
                    held.get(0), config.epsilon());
            held.set(0, result.state());
            held.advance(x.size(1));
            return outProjection.forward(Heads.merge(result.out()));
        }
    }
}
