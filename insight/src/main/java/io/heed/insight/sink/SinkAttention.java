package io.heed.insight.sink;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.Alibi;
import io.heed.nn.AttentionCall;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Registration;
import io.heed.nn.Rotary;
import io.heed.tensor.Ops;

/**
 * The attention under study; see the package for the equations.
 *
 * <p>Parameters {@code attn.weight ((H + 2 G) d, D)}, whose rows are, group by group, its query heads, its key head and
 * its value head; {@code proj.weight (D, D)}; {@code k_bias}, {@code v_bias} (H, d) or (d); {@code kernel_mlp1.weight},
 * {@code kernel_mlp2.weight} (d, d); biases of the linear maps if asked.
 */
final class SinkAttention extends Module {
    private static final double EPSILON = 1e-8;
    private static final double BIAS_DEVIATION = 0.02;

    private final SinkConfig config;
    private final Visible visible;
    private final Rotary rotary;
    private final LinearImpl attn;
    private final LinearImpl proj;
    private final LinearImpl kernel1;
    private final LinearImpl kernel2;
    private final Tensor keyBias;
    private final Tensor valueBias;

    SinkAttention(SinkConfig config) {
        super("CausalSelfAttention");
        this.config = config;
        visible = new Visible(config);
        int d = config.headWidth();
        rotary = config.turned() == 0 ? null : new Rotary(config.turned(), config.rotaryBase(), Rotary.Layout.HALVES);
        attn = register_module("attn", FanIn.linear(config.width(), (config.heads() + 2L * config.groups()) * d,
                config.linearBias()));
        proj = register_module("proj", FanIn.linear(config.width(), config.width(), config.linearBias()));
        boolean mlp = config.mechanism() instanceof Mechanism.Kernel kernel && kernel.feature()
                == Mechanism.Kernel.Feature.MLP;
        kernel1 = mlp ? register_module("kernel_mlp1", FanIn.linear(d, d, config.linearBias())) : null;
        kernel2 = mlp ? register_module("kernel_mlp2", FanIn.linear(d, d, config.linearBias())) : null;
        Mechanism.KeyValueBias bias = config.mechanism() instanceof Mechanism.KeyValueBias given ? given : null;
        keyBias = bias != null && bias.key() ? bias("k_bias", bias.perHead()) : null;
        valueBias = bias != null && bias.value() ? bias("v_bias", bias.perHead()) : null;
    }

    private Tensor bias(String name, boolean perHead) {
        long[] shape = perHead ? new long[] {config.heads(), config.headWidth()} : new long[] {config.headWidth()};
        try (NoGradGuard _ = new NoGradGuard()) {
            return Registration.parameter(this, name, torch.randn(shape).mul(new Scalar(BIAS_DEVIATION)));
        }
    }

    /**
     * Queries (B, H, T, d), keys and values (B, H, front + T, d): turned, mapped to features, with the keys in front.
     */
    record Parts(Tensor q, Tensor k, Tensor v) { }

    Parts parts(Tensor x) {
        long batch = x.size(0);
        long length = x.size(1);
        int perGroup = config.heads() / config.groups();
        Tensor grouped = attn.forward(x).view(batch, length, config.groups(), perGroup + 2, config.headWidth());
        Tensor q = grouped.narrow(3, 0, perGroup).flatten(2, 3).transpose(1, 2);
        Tensor k = repeat(grouped.select(3, perGroup).transpose(1, 2), perGroup);
        Tensor v = repeat(grouped.select(3, perGroup + 1).transpose(1, 2), perGroup);
        q = feature(turn(q));
        k = feature(turn(k));
        if (config.mechanism().front() == 1) { // no position turns them
            k = torch.cat(new TensorVector(front(keyBias, k), k), 2);
            v = torch.cat(new TensorVector(front(valueBias, v), v), 2);
        }
        return new Parts(q, k, v);
    }

    /** (B, T, D) to heads' outputs (B, H, T, d). */
    Tensor heads(Parts p, Form form) {
        Tensor out = form.isFused(p.q) && hasFusedForm() ? fused(p) : raw(p.q, p.k, 0).matmul(p.v);
        return keyBias == null && valueBias != null ? out.add(valueBias.unsqueeze(-2)) : out;
    }

    /** (B, H, T, d) to (B, T, D). */
    Tensor output(Tensor heads) {
        return proj.forward(Heads.merge(heads));
    }

    /** As an observer sees it: raw weights of the real queries. */
    AttentionCall call(Parts p) {
        return new AttentionCall(p.q, p.k, p.v, (from, count) -> raw(p.q.narrow(2, from, count), p.k,
                Math.toIntExact(from)));
    }

    /**
     * The map as the paper looks at it, rows summing to 1: (B, H, T, T), or (B, H, T + 1, T + 1) with a learned key,
     * whose own query is zeros.
     */
    Tensor map(Parts p) {
        boolean beside = config.mechanism().front() == 1;
        Tensor q = beside ? torch.cat(new TensorVector(torch.zeros_like(p.q.narrow(2, 0, 1)), p.q), 2) : p.q;
        Tensor weights = raw(q, p.k, beside ? -1 : 0);
        return switch (config.mechanism()) {
            case Mechanism.Similarity similarity when !similarity.normalised() -> divided(weights, weights);
            case Mechanism.Kernel kernel when !kernel.normalised()
                    || kernel.feature() != Mechanism.Kernel.Feature.ELU ->
                    divided(weights.abs(), weights.abs());
            default -> weights;
        };
    }

    /** The weights (B, H, Nq, Nk) with which queries from index {@code first} on take values. */
    private Tensor raw(Tensor q, Tensor k, int first) {
        int queries = Math.toIntExact(q.size(2));
        int keys = Math.toIntExact(k.size(2));
        Tensor z = Ops.scale(q.matmul(k.transpose(-2, -1)), 1 / Math.sqrt(config.headWidth()));
        z = switch (config.positions()) {
            case ALIBI -> z.add(inFront(Visible.alibi(Alibi.slopes(config.heads()), first, queries,
                    keys - config.mechanism().front())).to(z.device(), Ops.type(z)));
            case RELATIVE -> z.add(inFront(Visible.buckets(first, queries, keys - config.mechanism().front()))
                    .to(z.device(), Ops.type(z)));
            default -> z;
        };
        Tensor hidden = visible.hidden(first, queries, keys, config.mechanism().front())
                .to(z.device(), ScalarType.Bool);
        return switch (config.mechanism()) {
            case Mechanism.Softmax _, Mechanism.KeyValueBias _, Mechanism.OffByOne _ ->
                    Ops.fill(z, hidden, Double.NEGATIVE_INFINITY).softmax(-1);
            case Mechanism.Similarity similarity -> {
                Tensor weights = Ops.fill(similarity.function() == Mechanism.Similarity.Function.SIGMOID ? z.sigmoid()
                        : Ops.shift(torch.elu(z), 1), hidden, 0);
                yield similarity.normalised() ? divided(weights, weights) : weights;
            }
            case Mechanism.Kernel kernel -> {
                Tensor weights = Ops.fill(z, hidden, 0);
                if (!kernel.normalised()) {
                    yield weights;
                }
                yield kernel.feature() == Mechanism.Kernel.Feature.ELU ? divided(weights, weights)
                        : weights.div(sums(weights).abs().clamp_min(new Scalar(1)));
            }
        };
    }

    private boolean hasFusedForm() {
        boolean plain = config.prefix() == 0 && config.positions() != SinkConfig.Positions.ALIBI
                && config.positions() != SinkConfig.Positions.RELATIVE && (config.window() == 0 || config.mechanism()
                .front() == 0);
        return plain && switch (config.mechanism()) {
            case Mechanism.Softmax _, Mechanism.KeyValueBias _, Mechanism.OffByOne _ -> true;
            case Mechanism.Similarity similarity -> similarity.function() == Mechanism.Similarity.Function.SIGMOID;
            case Mechanism.Kernel _ -> false;
        };
    }

    /** One pass without the map; the row sums that sigmoid's normalisation needs come as one more channel of ones. */
    private Tensor fused(Parts p) {
        Mask mask = config.window() == 0 ? new Mask.Causal(config.mechanism().front())
                : Mask.slidingWindow(config.window() - 1, 0);
        if (!(config.mechanism() instanceof Mechanism.Similarity similarity)) {
            return FusedAttention.apply(p.q, p.k, p.v, AttentionSpec.softmax().withMask(mask));
        }
        AttentionSpec spec = AttentionSpec.sigmoid().withMask(mask);
        if (!similarity.normalised()) {
            return FusedAttention.apply(p.q, p.k, p.v, spec);
        }
        Tensor ones = torch.ones_like(p.v.narrow(3, 0, 1));
        Tensor both = FusedAttention.apply(p.q, p.k, torch.cat(new TensorVector(p.v, ones), 3), spec);
        long d = p.v.size(3);
        return both.narrow(3, 0, d).div(Ops.shift(both.narrow(3, d, 1), EPSILON));
    }

    private static Tensor divided(Tensor weights, Tensor by) {
        return weights.div(Ops.shift(sums(by), EPSILON));
    }

    private static Tensor sums(Tensor weights) {
        return weights.sum(new long[] {-1}, true, new ScalarTypeOptional());
    }

    /** A bias over real keys with nothing for the keys in front. */
    private Tensor inFront(Tensor bias) {
        return config.mechanism().front() == 0 ? bias
                : torch.cat(new TensorVector(torch.zeros_like(bias.narrow(2, 0, 1)), bias), 2);
    }

    /** (B, H, 1, d) of a bias (H, d) or (d), or of zeros. */
    private static Tensor front(Tensor bias, Tensor like) {
        Tensor row = like.narrow(2, 0, 1);
        return bias == null ? torch.zeros_like(row) : bias.unsqueeze(-2).expand_as(row);
    }

    private Tensor turn(Tensor x) {
        if (rotary == null) {
            return x;
        }
        long turned = config.turned();
        return turned == x.size(3) ? rotary.apply(x, 0)
                : torch.cat(new TensorVector(rotary.apply(x.narrow(3, 0, turned), 0),
                        x.narrow(3, turned, x.size(3) - turned)), 3);
    }

    private Tensor feature(Tensor x) {
        if (!(config.mechanism() instanceof Mechanism.Kernel kernel)) {
            return x;
        }
        return switch (kernel.feature()) {
            case ELU -> Ops.shift(torch.elu(x), 1);
            case LINEAR -> x;
            case MLP -> kernel2.forward(torch.relu(kernel1.forward(x)));
        };
    }

    private static Tensor repeat(Tensor x, int times) {
        return times == 1 ? x : x.repeat_interleave(times, new LongOptional(1), new LongOptional());
    }
}
