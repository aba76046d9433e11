package io.heed.sequence.randomfeature;

import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/**
 * The layer at every position: the token is the query, the tokens up to it (all, where not causal) are the keys. W_m =
 * Q_m^T K_m with frozen random Q_m, K_m of d rows; tokens are brought to norm 1 for the scores, as in the paper. What a
 * head learns is a d x (D+1) matrix of values where the paper has a vector.
 *
 * <p>Buffers {@code query}, {@code key (H, d, D+1)}; parameters {@code value.weight (D, D)}, {@code value.bias (D)},
 * which is the appended coordinate's, and {@code proj.weight (D, D)}.
 */
public final class RandomFeatureMixer extends SequenceMixer {
    private static final double LEAST_NORM = 1e-6;

    private final MixerConfig config;
    private final Score score;
    private final double bias;
    private final Tensor query;
    private final Tensor key;
    private final LinearImpl value;
    private final LinearImpl proj;

    /** Builds it with fresh weights. */
    public RandomFeatureMixer(MixerConfig config) {
        super("RandomFeatureMixer");
        if (config.keyValueHeads() != config.heads()) {
            throw new IllegalArgumentException("random-feature-attention has no grouped heads: key/value heads must be "
                    + config.heads() + ", got " + config.keyValueHeads());
        }
        this.config = config;
        MixerOptions options = MixerOptions.of(config);
        score = options.choice("score", Score.class, Score.RELU);
        bias = options.number("bias", 0);
        query = Registration.buffer(this, "query", frozen(config));
        key = Registration.buffer(this, "key", frozen(config));
        value = register_module("value", Initialisation.linear(config.width(), config.width(), true));
        proj = register_module("proj", Initialisation.residual(config.width(), config.width(), false, config.layers()));
    }

    /** Entries with which scores of tokens x~ of norm sqrt(2) have variance 1: d (2 a^2)^2 = 1. */
    private static Tensor frozen(MixerConfig config) {
        double deviation = Math.sqrt(0.5 / Math.sqrt(config.headWidth()));
        return Ops.scale(torch.randn(config.heads(), config.headWidth(), config.width() + 1), deviation);
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(config.causal() ? Pattern.CAUSAL_SELF : Pattern.NONCAUSAL_SELF);
    }

    /** Scores depend on the tokens alone. */
    @Override
    public boolean carriesOrder() {
        return false;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException("random-feature-attention attends to its own sequence, not to a"
                    + " memory");
        }
        Tensor unit = unit(x);
        Tensor q = turned(unit, query, bias);
        Tensor k = turned(unit, key, 1);
        Tensor v = Heads.split(value.forward(x), config.heads());
        Tensor hidden = config.causal() ? Ops.causalMask(x.size(1), x.size(1)).to(x.device(), torch.ScalarType.Bool)
                : null;
        if (context.padding().isPresent()) {
            Tensor padded = context.padding().get().mask().unsqueeze(1).unsqueeze(1); // (B, 1, 1, N)
            hidden = hidden == null ? padded : padded.logical_or(hidden);
        }
        Tensor weights = weights(q.matmul(k.transpose(2, 3)), hidden);
        Tensor out = context.watch(weights.matmul(v),
                () -> new AttentionCall(q, k, v, (from, count) -> weights.narrow(2, from, count)));
        return proj.forward(Heads.merge(out));
    }

    /** The mean of relu, or the softmax, over the keys that are not hidden. */
    private Tensor weights(Tensor scores, Tensor hidden) {
        if (score == Score.SOFTMAX) {
            return Ops.maskedSoftmax(hidden == null ? scores : Ops.fill(scores, hidden, Double.NEGATIVE_INFINITY), -1);
        }
        if (hidden == null) {
            return Score.RELU.weights(scores);
        }
        Tensor seen = hidden.logical_not().sum(new long[] {-1}, true, new ScalarTypeOptional())
                .clamp_min(new Scalar(1));
        return Ops.fill(torch.relu(scores), hidden, 0).div(seen);
    }

    /** x / |x|, (B, N, D). */
    private static Tensor unit(Tensor x) {
        return x.div(x.square().sum(new long[] {-1}, true, new ScalarTypeOptional()).sqrt()
                .clamp_min(new Scalar(LEAST_NORM)));
    }

    /**
     * Q x~ or K x~, and with a bias the tokens beside them, so that it adds bias * x_0 . x_i: (B, H, N, d or d + D).
     */
    private Tensor turned(Tensor unit, Tensor matrices, double tokenScale) {
        Tensor linear = matrices.narrow(2, 0, config.width()).matmul(unit.unsqueeze(1).transpose(2, 3)).transpose(2, 3);
        Tensor turned = linear.add(matrices.select(2, config.width()).unsqueeze(1)); // (B, H, N, d)
        if (bias == 0) {
            return turned;
        }
        Tensor tokens = Ops.scale(unit, tokenScale).unsqueeze(1)
                .expand(turned.size(0), turned.size(1), turned.size(2), -1);
        return Ops.cat(-1, turned, tokens);
    }

    @Override
    public MixerState state(long batch) {
        if (!config.causal()) {
            throw new UnsupportedOperationException(
                    "random-feature attention that is not causal cannot decode step by step");
        }
        return new KeyValueCache(batch);
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        KeyValueCache cache = (KeyValueCache) state;
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor unit = unit(x);
            cache.append(turned(unit, key, 1), Heads.split(value.forward(x), config.heads()));
            Tensor scores = turned(unit, query, bias).matmul(cache.keys().transpose(2, 3));
            Tensor hidden = Ops.causalMask(x.size(1), cache.position()).to(x.device(), torch.ScalarType.Bool);
            return proj.forward(Heads.merge(weights(scores, hidden).matmul(cache.values())));
        }
    }
}
