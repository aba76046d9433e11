package io.heed.sequence.graphaware;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.GroupNormImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
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
 * GIN attention: every head aggregates slices of the input by its attention map and maps them by an MLP of its own; see
 * the package for the equations.
 *
 * <p>Parameters {@code q_proj.weight}, {@code k_proj.weight (D, D)}, {@code sharpening_parameters.0} () where
 * sharpened, {@code q_proj_2}, {@code k_proj_2}, {@code lambda_param.0} where differential, {@code mlp_scoring.{0,2}}
 * where scored by pairs, {@code gin_layers.h.*} (see {@link GinHead}), {@code threshold.0} where trained,
 * {@code o_proj.weight} where projected.
 *
 * <p>Fused where the map is a plain softmax: the kernel's values are the slices of the input.
 */
public final class GinAttention extends SequenceMixer {
    /** Before the second linear map, as the official code fixes it. */
    private static final double DROPOUT = 0.1;

    /**
     * What GIN attention has beyond {@link GraphAwareConfig}.
     *
     * @param sharpening   initial alpha, or NaN for none
     * @param scoring      hidden width of an MLP that scores pairs of positions in place of q k^T, or 0
     * @param differential lambda's initial value for a second map that is subtracted, or NaN for none
     * @param groupNorm    whether a differential map is normalised head by head over all its entries, which is not
     *                     causal
     * @param projected    whether the output is projected
     */
    public record Options(double sharpening, long scoring, double differential, boolean groupNorm, boolean projected) {
        /** The published example: sharpened, not projected. */
        public static final Options STANDARD = new Options(1, 0, Double.NaN, false, false);

        /** Differential attention in layer {@code layer}, from 0: lambda begins at 0.8 - 0.6 exp(-0.3 (layer - 1)). */
        public static double lambda(int layer) {
            return 0.8 - 0.6 * Math.exp(-0.3 * (layer - 1));
        }

        boolean isDifferential() {
            return !Double.isNaN(differential);
        }

        boolean isSharpened() {
            return !Double.isNaN(sharpening);
        }
    }

    private final GraphAwareConfig config;
    private final Options options;
    private final Rotary rotary;
    private final List<LinearImpl> queries = new ArrayList<>();
    private final List<LinearImpl> keys = new ArrayList<>();
    private final Tensor alpha;
    private final Tensor lambda;
    private final GroupNormImpl groupNorm;
    private final LinearImpl scoreFirst;
    private final LinearImpl scoreSecond;
    private final Tensor tau;
    private final List<GinHead> heads = new ArrayList<>();
    private final LinearImpl output;

    /** Builds it with fresh weights. */
    public GinAttention(GraphAwareConfig config, Options options) {
        super("GinAttention");
        if (config.heads() != config.keyValueHeads() || config.heads() * config.headWidth() != config.width()) {
            throw new IllegalArgumentException(
                    "GIN attention takes slices of its input for values: heads times head width ("
                    + config.heads() + " x " + config.headWidth() + ") must be the width " + config.width()
                    + ", and key/value heads must not be grouped (got " + config.keyValueHeads() + ")");
        }
        this.config = config;
        this.options = options;
        rotary = new Rotary(config.headWidth(), config.ropeBase(), Rotary.Layout.HALVES);
        if (options.scoring == 0 || config.unused()) {
            project("");
        }
        if (options.isDifferential()) {
            project("_2");
        }
        alpha = options.isSharpened() ? Scores.listedNumber(this, "sharpening_parameters", options.sharpening) : null;
        lambda = options.isDifferential() ? Scores.listedNumber(this, "lambda_param", options.differential) : null;
        groupNorm = options.groupNorm ? register_module("groupnorm", new GroupNormImpl(config.heads(), config.heads()))
                : null;
        if (options.scoring > 0) {
            Module scoring = register_module("mlp_scoring", Registration.group());
            scoreFirst = scoring.register_module("0", Initialisation.linear(2 * config.width(), options.scoring, true));
            scoreSecond = scoring.register_module("2", Initialisation.linear(options.scoring, config.heads(), true));
        } else {
            scoreFirst = null;
            scoreSecond = null;
        }
        tau = config.learnsTau() ? Scores.listedNumber(this, "threshold", config.tau()) : null;
        ModuleListImpl list = register_module("gin_layers", new ModuleListImpl());
        for (int h = 0; h < config.heads(); h++) {
            GinHead head = new GinHead(config.headWidth(), config.hidden());
            list.push_back(head);
            heads.add(head);
        }
        output = options.projected ? register_module("o_proj", Initialisation.linear(config.width(), config.width(),
                config.bias())) : null;
        if (config.unused()) {
            Scores.listedNumber(this, "residual_epsilon", 0.1);
            Scores.number(register_module("rmsnorm", Registration.group()), "weight", 1);
        }
    }

    private void project(String suffix) {
        queries.add(register_module("q_proj" + suffix, Scores.projection(config, config.heads())));
        keys.add(register_module("k_proj" + suffix, Scores.projection(config, config.heads())));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(config.causal() && !options.groupNorm ? Pattern.CAUSAL_SELF : Pattern.NONCAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return options.scoring == 0;
    }

    /** @throws IllegalArgumentException with a memory: values are slices of the input */
    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new IllegalArgumentException("GIN attention attends to its own input only, not to a memory");
        }
        Tensor values = Heads.split(x, config.heads());                              // (B, H, N, d)
        if (context.form().isFused(x) && isPlain()) {
            return finish(fused(x, values, context), values);
        }
        return finish(map(x, context.padding().map(Padding::mask).orElse(null)).matmul(values), values);
    }

    /**
     * The adjacency A that values are summed by.
     *
     * @param x      (B, N, D)
     * @param hidden (B, N), true at padded keys, or null
     * @return (B, H, N, N)
     */
    public Tensor map(Tensor x, Tensor hidden) {
        Tensor map = map(queryParts(x, 0), keyParts(x, 0), Scores.hidden(x.size(1), x.size(1), config.causal(),
                hidden));
        return Scores.withoutPadding(map, hidden, config);
    }

    /** The output of a given adjacency (B, H, N, N), as {@link #map} gives it. */
    public Tensor forward(Tensor x, Tensor map) {
        Tensor values = Heads.split(x, config.heads());
        return finish(map.matmul(values), values);
    }

    /** The adjacency for queries that see what {@code visible} (broadcasts to (B, H, N, N)) says. */
    Tensor mapWhere(Tensor x, Tensor visible) {
        return map(queryParts(x, 0), keyParts(x, 0), visible.logical_not());
    }

    @Override
    public MixerState state(long batch) {
        if (!patterns().contains(Pattern.CAUSAL_SELF) || config.threshold() == ThresholdMode.TOP_K) {
            throw new UnsupportedOperationException("GIN attention that is not causal cannot decode step by step");
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
            long first = cache.position();
            Tensor own = Heads.split(x, config.heads());
            cache.append(keyParts(x, first), own);
            Tensor hidden = Scores.hidden(x.size(1), cache.position(), true, null);
            return finish(map(queryParts(x, first), cache.keys(), hidden).matmul(cache.values()), own);
        }
    }

    private boolean isPlain() {
        return config.map() == GraphAwareConfig.Weighting.SOFTMAX && config.threshold() == ThresholdMode.NONE
                && options.scoring == 0 && !options.groupNorm && !(config.dropout() > 0 && is_training());
    }

    private Tensor fused(Tensor x, Tensor values, MixerContext context) {
        AttentionSpec spec = config.causal() ? AttentionSpec.softmax().withMask(Mask.causal())
                : AttentionSpec.softmax();
        spec = spec.withScale((float) (1 / (Math.sqrt(config.headWidth()) * config.temperature())));
        spec = context.padding().map(Padding::keys).map(spec::withPadding).orElse(spec);
        Tensor sum = null;
        for (int i = 0; i < queries.size(); i++) {
            Tensor q = turned(queries.get(i), x, 0);
            Tensor part = FusedAttention.apply(alpha == null ? q : q.mul(alpha), turned(keys.get(i), x, 0), values,
                    spec);
            sum = sum == null ? part : sum.sub(part.mul(lambda));
        }
        return sum;
    }

    /**
     * What queries bring to a score: (B, H, N, d), twice as wide where differential, (B, 1, N, F) where scored by
     * pairs.
     */
    private Tensor queryParts(Tensor x, long first) {
        return scoreFirst != null ? half(x, 0) : parts(queries, x, first);
    }

    /** What keys bring to a score, likewise. */
    private Tensor keyParts(Tensor x, long first) {
        return scoreFirst != null ? half(x, config.width()) : parts(keys, x, first);
    }

    /** One half of the scoring MLP's first layer: W [x_i; x_j] is a sum of what each brings. */
    private Tensor half(Tensor x, long from) {
        return x.matmul(scoreFirst.weight().narrow(1, from, config.width()).t()).unsqueeze(1);
    }

    private Tensor parts(List<LinearImpl> projections, Tensor x, long first) {
        return Ops.cat(-1, projections.stream().map(projection -> turned(projection, x, first)).toArray(Tensor[]::new));
    }

    private Tensor turned(LinearImpl projection, Tensor x, long first) {
        return rotary.apply(Heads.split(projection.forward(x), config.heads()), first);
    }

    private Tensor map(Tensor q, Tensor k, Tensor hidden) {
        Tensor map = scoreFirst != null ? scored(q, k, hidden) : dotted(q, k, hidden);
        if (config.dropout() > 0 && is_training()) {
            map = torch.dropout(map, config.dropout(), true);
        }
        return config.threshold().apply(map, tau == null ? torch.full(new long[0],
                new Scalar(config.tau())).to(Ops.type(map)) : tau, config.numbers());
    }

    private Tensor dotted(Tensor q, Tensor k, Tensor hidden) {
        long d = config.headWidth();
        Tensor map = weights(q.narrow(-1, 0, d), k.narrow(-1, 0, d), hidden);
        if (!options.isDifferential()) {
            return map;
        }
        map = map.sub(weights(q.narrow(-1, d, d), k.narrow(-1, d, d), hidden).mul(lambda));
        return groupNorm == null ? map : normalised(map);
    }

    private Tensor weights(Tensor q, Tensor k, Tensor hidden) {
        Tensor scores = Scores.of(q, k);
        boolean sharpened = alpha != null && config.map() == GraphAwareConfig.Weighting.SOFTMAX;
        return Scores.weights(Scores.hide(sharpened ? scores.mul(alpha) : scores, hidden), config);
    }

    /** softmax of W2 silu(W1 [x_i; x_j] + b1) + b2. */
    private Tensor scored(Tensor q, Tensor k, Tensor hidden) {
        Tensor pairs = torch.silu(q.squeeze(1).unsqueeze(2).add(k.squeeze(1).unsqueeze(1)).add(scoreFirst.bias()));
        Tensor scores = scoreSecond.forward(pairs).permute(0, 3, 1, 2);              // (B, M, N, H) to (B, H, M, N)
        return torch.softmax(Scores.hide(scores, hidden), -1);
    }

    private Tensor normalised(Tensor map) {
        Tensor normal = groupNorm.forward(map.flatten(2, 3)).view(map.shape());
        return Ops.scale(normal, 1 - options.differential).tril(0);
    }

    /** eps x + sum, the MLP of each head, and the projection: (B, H, N, d) to (B, N, D). */
    private Tensor finish(Tensor sum, Tensor values) {
        Tensor epsilon = HeadMlps.stack(heads, head -> head.epsilon).view(-1, 1, 1);
        Tensor hidden = HeadMlps.linear(sum.add(values.mul(epsilon)), heads.stream().map(head -> head.first).toList());
        hidden = torch.dropout(hidden, DROPOUT, is_training());
        Tensor normal = torch.rms_norm(hidden, new long[] {config.hidden()}, new TensorOptional(),
                new DoubleOptional(config.epsilon()));
        Tensor weight = HeadMlps.stack(heads, head -> head.norm).unsqueeze(1);           // (H, 1, F)
        Tensor y = HeadMlps.linear(torch.silu(normal.mul(weight)), heads.stream().map(head -> head.second).toList());
        Tensor merged = Heads.merge(y);
        return output == null ? merged : output.forward(merged);
    }
}
