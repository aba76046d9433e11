package io.heed.sequence.graphaware;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.nn.Rotary;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/**
 * PNA attention: every head gathers sum, mean, maximum and variance over its attention map and maps them by an MLP of
 * its own; see the package for the equations.
 *
 * <p>Parameters {@code q_proj.weight (H d, D)}, {@code k_proj.weight}, {@code v_proj.weight (G d, D)},
 * {@code o_proj.weight (D, H d)}, {@code aggregator_mlps.h.0.weight (F, 4d)},
 * {@code aggregator_mlps.h.2.weight (d, F)}, {@code threshold.0} where trained.
 *
 * <p>Fused where the map is a plain softmax and the maximum is elementwise: one pass of the kernel over values [V, V^2]
 * gives mean and mean of squares, since a row's weights sum to 1; the neighbours' maximum of a causal map is a running
 * maximum.
 */
public final class PnaAttention extends SequenceMixer {
    private final GraphAwareConfig config;
    private final Maximum maximum;
    private final Rotary rotary;
    private final LinearImpl query;
    private final LinearImpl key;
    private final LinearImpl value;
    private final LinearImpl output;
    private final Tensor tau;
    private final List<LinearImpl> first = new ArrayList<>();
    private final List<LinearImpl> second = new ArrayList<>();

    /**
     * Builds it with fresh weights.
     *
     * @param biased whether the heads' MLPs have biases
     */
    public PnaAttention(GraphAwareConfig config, Maximum maximum, boolean biased) {
        super("PnaAttention");
        this.config = config;
        this.maximum = maximum;
        rotary = new Rotary(config.headWidth(), config.ropeBase(), Rotary.Layout.HALVES);
        query = register_module("q_proj", Scores.projection(config, config.heads()));
        key = register_module("k_proj", Scores.projection(config, config.keyValueHeads()));
        value = register_module("v_proj", Scores.projection(config, config.keyValueHeads()));
        output = register_module("o_proj", Initialisation.linear(config.heads() * config.headWidth(), config.width(),
                config.bias()));
        tau = config.learnsTau() ? Scores.listedNumber(this, "threshold", config.tau()) : null;
        ModuleListImpl list = register_module("aggregator_mlps", new ModuleListImpl());
        for (int h = 0; h < config.heads(); h++) {
            Module mlp = Registration.group();
            first.add(mlp.register_module("0", Initialisation.linear(4 * config.headWidth(), config.hidden(), biased)));
            second.add(mlp.register_module("2", Initialisation.linear(config.hidden(), config.headWidth(), biased)));
            list.push_back(mlp);
        }
        if (config.unused()) {
            Scores.listedNumber(this, "residual_epsilon", 0.1);
        }
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(config.causal() ? Pattern.CAUSAL_SELF : Pattern.NONCAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return true;
    }

    /** @throws IllegalArgumentException with a memory: the maximum and the variance are over the input's own rows */
    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new IllegalArgumentException("PNA attention attends to its own input only, not to a memory");
        }
        if (context.form().isFused(x) && isPlain(context)) {
            return finish(fused(x, context));
        }
        Tensor padded = context.padding().map(Padding::mask).orElse(null);
        Tensor values = Heads.split(value.forward(x), config.keyValueHeads());
        return finish(aggregate(map(x, padded), values, values, padded));
    }

    /**
     * The attention map before the threshold.
     *
     * @param padded (B, N), true at padded keys, or null
     * @return (B, H, N, N)
     */
    public Tensor map(Tensor x, Tensor padded) {
        return map(heads(query, x, 0), heads(key, x, 0),
                Scores.hidden(x.size(1), x.size(1), config.causal(), padded));
    }

    /** The map for queries that see what {@code visible} (broadcasts to (B, H, N, N)) says. */
    Tensor mapWhere(Tensor x, Tensor visible) {
        return map(heads(query, x, 0), heads(key, x, 0), visible.logical_not());
    }

    /** The output of a given map, as {@link #map} gives it. */
    public Tensor forward(Tensor x, Tensor map) {
        Tensor values = Heads.split(value.forward(x), config.keyValueHeads());
        return finish(aggregate(map, values, values, null));
    }

    @Override
    public MixerState state(long batch) {
        if (!config.causal() || config.threshold() == ThresholdMode.TOP_K) {
            throw new UnsupportedOperationException("PNA attention that is not causal cannot decode step by step");
        }
        return new KeyValueCache(batch);
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            KeyValueCache cache = (KeyValueCache) state;
            long position = cache.position();
            Tensor own = Heads.split(value.forward(x), config.keyValueHeads());
            cache.append(heads(key, x, position), own);
            Tensor hidden = Scores.hidden(x.size(1), cache.position(), true, null);
            return finish(aggregate(map(heads(query, x, position), cache.keys(), hidden), cache.values(), own, null));
        }
    }

    private boolean isPlain(MixerContext context) {
        return config.map() == GraphAwareConfig.Weighting.SOFTMAX && config.threshold() == ThresholdMode.NONE
                && (maximum == Maximum.OWN || maximum == Maximum.NEIGHBOUR && config.causal() && context.padding()
                .isEmpty())
                && !(config.dropout() > 0 && is_training());
    }

    /** [sum, mean, max, var] (B, H, N, 4d) in one pass of the kernel. */
    private Tensor fused(Tensor x, MixerContext context) {
        AttentionSpec spec = config.causal() ? AttentionSpec.softmax().withMask(Mask.causal())
                : AttentionSpec.softmax();
        spec = spec.withScale((float) (1 / (Math.sqrt(config.headWidth()) * config.temperature())));
        spec = context.padding().map(Padding::keys).map(spec::withPadding).orElse(spec);
        Tensor values = Heads.split(value.forward(x), config.keyValueHeads());
        Tensor moments = FusedAttention.apply(heads(query, x, 0), heads(key, x, 0),
                Ops.cat(-1, values, values.mul(values)), spec);                    // (B, H, N, 2d)
        Tensor mean = moments.narrow(-1, 0, config.headWidth());
        Tensor squares = moments.narrow(-1, config.headWidth(), config.headWidth());
        Tensor largest = Heads.repeat(maximum == Maximum.OWN ? values : values.cummax(2).get0(), config.heads());
        return Ops.cat(-1, mean, mean, largest, variance(squares, mean));
    }

    private Tensor map(Tensor q, Tensor k, Tensor hidden) {
        Tensor map = Scores.weights(Scores.hide(Scores.of(q, Heads.repeat(k, config.heads())), hidden), config);
        return config.dropout() > 0 && is_training() ? torch.dropout(map, config.dropout(), true) : map;
    }

    /**
     * What the heads' MLPs take.
     *
     * @param map    (B, H, M, N)
     * @param values (B, G, N, d)
     * @param own    the queries' own values (B, G, M, d)
     * @param padded (B, N), true at padded keys, or null
     * @return (B, H, M, 4d)
     */
    private Tensor aggregate(Tensor map, Tensor values, Tensor own, Tensor padded) {
        Tensor limit = tau == null ? torch.full(new long[0], new Scalar(config.tau())).to(Ops.type(map)) : tau;
        Tensor a = Scores.withoutPadding(config.threshold().apply(map, limit, config.numbers()), padded, config);
        Tensor v = Heads.repeat(values, config.heads());
        Tensor degree = a.sum(new long[] {-1}, true, new ScalarTypeOptional());   // (B, H, M, 1)
        Tensor isolated = degree.eq(new Scalar(0));
        Tensor divisor = Ops.fill(degree, isolated, 1);
        Tensor sum = a.matmul(v);
        Tensor mean = sum.div(divisor);
        Tensor variance = variance(a.matmul(v.mul(v)).div(divisor), mean);
        Tensor mine = Heads.repeat(own, config.heads());
        return switch (maximum) {
            case OWN -> Ops.cat(-1, sum, mean, Ops.fill(mine, a.gt(new Scalar(0)).any(-1, true).logical_not(),
                    Double.NEGATIVE_INFINITY), variance);
            case NEIGHBOUR -> Ops.cat(-1, sum, mean, torch.where(a.gt(new Scalar(0)).any(-1, true), largest(a, v),
                    mine),
                    variance);
            case ROW_BY_NORM -> {
                Tensor norms = v.mul(v).sum(new long[] {-1}, false, new ScalarTypeOptional())
                        .unsqueeze(2).expand(a.shape());                           // (B, H, M, N)
                Tensor hidden = a.gt(limit).logical_not();
                Tensor high = row(v, Ops.fill(norms, hidden, Double.NEGATIVE_INFINITY).argmax(new LongOptional(-1),
                        true));
                Tensor low = row(v, Ops.fill(norms, hidden, Double.POSITIVE_INFINITY).argmin(new LongOptional(-1),
                        true));
                yield Ops.cat(-1, mean, torch.where(isolated, mine, high), variance, torch.where(isolated, mine, low));
            }
        };
    }

    /** The elementwise maximum over neighbours: (B, H, M, N) and (B, H, N, d) to (B, H, M, d). */
    private static Tensor largest(Tensor map, Tensor values) {
        Tensor hidden = map.gt(new Scalar(0)).logical_not().unsqueeze(-1);           // (B, H, M, N, 1)
        return Ops.fill(values.unsqueeze(2), hidden, Double.NEGATIVE_INFINITY).max(3, false).get0();
    }

    /** The value rows of chosen keys: (B, H, N, d) and (B, H, M, 1) to (B, H, M, d). */
    private static Tensor row(Tensor values, Tensor chosen) {
        return values.gather(2, chosen.expand(chosen.size(0), chosen.size(1), chosen.size(2), values.size(3)));
    }

    private static Tensor variance(Tensor squares, Tensor mean) {
        return squares.sub(mean.mul(mean)).relu();
    }

    private Tensor heads(LinearImpl projection, Tensor x, long position) {
        int count = projection == query ? config.heads() : config.keyValueHeads();
        return rotary.apply(Heads.split(projection.forward(x), count), position);
    }

    /** (B, H, N, 4d) to (B, N, D). */
    private Tensor finish(Tensor gathered) {
        Tensor y = HeadMlps.linear(torch.silu(HeadMlps.linear(gathered, first)), second);
        return output.forward(Heads.merge(y));
    }
}
