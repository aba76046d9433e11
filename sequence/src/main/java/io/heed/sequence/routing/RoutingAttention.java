package io.heed.sequence.routing;

import java.util.Set;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.OnlineKMeans;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/**
 * Routed and local heads side by side; see the package for the equations. Both run through the gather kernel. In
 * training, every forward pass moves the centroids; the loss that binds items to them goes to the context.
 *
 * <p>Parameters {@code q/kernel}, {@code k/kernel}, {@code v/kernel}, {@code output_transform/kernel} (D, D), applied
 * as x W, {@code attention_nd/dense/kernel (d, d)}, {@code relative_positions_keys/embeddings} and
 * {@code relative_positions_values/embeddings} (2R+1, d) if asked; buffers {@code cluster_attention/means (Hc, C, d)}
 * and, of a layer that can be trained, {@code cluster_attention.ema_count} and {@code cluster_attention.ema_means}.
 */
public final class RoutingAttention extends SequenceMixer {
    private final RoutingConfig config;
    private final Tensor query;
    private final Tensor key;
    private final Tensor value;
    private final Tensor mixing;
    private final Tensor output;
    private final OnlineKMeans kMeans;
    private final RoutedAttention routed;
    private final LocalAttention local;

    /** Builds it with fresh weights, to be trained. */
    public RoutingAttention(RoutingConfig config) {
        this(config, true);
    }

    /** @param trained whether it keeps the moving averages that centroids come from */
    RoutingAttention(RoutingConfig config, boolean trained) {
        super("RoutingAttention");
        this.config = config;
        long width = config.width();
        long headWidth = config.headWidth();
        query = matrix("q/kernel", width, Initialisation.DEVIATION);
        key = matrix("k/kernel", width, Initialisation.DEVIATION);
        value = matrix("v/kernel", width, Initialisation.DEVIATION);
        // the heads' outputs keep their size through the shared map
        mixing = matrix("attention_nd/dense/kernel", headWidth, 1 / Math.sqrt(headWidth));
        output = matrix("output_transform/kernel", width, Initialisation.DEVIATION / Math.sqrt(2.0 * config.layers()));
        kMeans = config.clusterHeads() == 0 ? null
                : new OnlineKMeans(config.clusterHeads(), config.clusters(), headWidth, config.decay(), 1e-5);
        if (kMeans != null) {
            if (trained) {
                register_module("cluster_attention", (Module) kMeans);
            } else {
                Registration.buffer(this, "cluster_attention/means", kMeans.means());
            }
        }
        Relative relative = config.relative() == 0 || kMeans == null ? null : new Relative(
                table("relative_positions_keys/embeddings"), table("relative_positions_values/embeddings"));
        routed = new RoutedAttention(config.window(), config.causal(), relative);
        local = new LocalAttention(config.block(), config.flange(), config.causal());
    }

    private Tensor matrix(String name, long width, double deviation) {
        return Registration.parameter(this, name, Initialisation.truncatedNormal(torch.empty(width, width), deviation));
    }

    private Tensor table(String name) {
        return Registration.parameter(this, name, Initialisation.truncatedNormal(
                torch.empty(2L * config.relative() + 1, config.headWidth()), Initialisation.DEVIATION));
    }

    /** Builds it for a backbone. */
    static RoutingAttention of(MixerConfig config) {
        return new RoutingAttention(RoutingConfig.of(config));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(config.causal() ? Pattern.CAUSAL_SELF : Pattern.NONCAUSAL_SELF);
    }

    /** Neither routing nor local attention tells positions apart by more than a mask. */
    @Override
    public boolean carriesOrder() {
        return false;
    }

    /**
     * What a pass gives.
     *
     * @param out        (B, N, D)
     * @param loss       beta times the distances of items from their centroids; null without routed heads
     * @param queryIndex members, as {@link RoutedAttention.Result}; null without routed heads or in strict routing
     */
    record Trace(Tensor out, Tensor loss, Tensor queryIndex) { }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException("routing-transformer attends to its own sequence, not to a memory");
        }
        Trace trace = trace(x, context.padding().orElse(null), context.form());
        if (trace.loss != null) {
            context.addLoss(trace.loss);
        }
        return trace.out;
    }

    Trace trace(Tensor x, Padding padding, Form form) {
        // padded tokens have zeros for queries, keys and values, as in the published code
        Tensor in = padding == null ? x : Ops.fill(x, padding.mask().unsqueeze(-1), 0);
        Tensor q = Ops.scale(heads(in, query), 1 / Math.sqrt(config.headWidth()));
        Tensor k = heads(in, key);
        Tensor v = heads(in, value);
        int routedHeads = config.clusterHeads();
        int localHeads = config.localHeads();
        Tensor near = localHeads == 0 ? null : local.apply(q.narrow(1, routedHeads, localHeads),
                k.narrow(1, routedHeads, localHeads), v.narrow(1, routedHeads, localHeads), padding, form);
        if (routedHeads == 0) {
            return new Trace(merged(near), null, null);
        }
        Tensor items = sphere(q);
        Tensor keys = config.shared() ? items : sphere(k);
        Tensor values = v.narrow(1, 0, routedHeads);
        Tensor ofQueries = OnlineKMeans.commitment(items, kMeans.means());
        Tensor loss = config.shared() ? Ops.scale(ofQueries, 2 * config.beta())
                : Ops.scale(ofQueries.add(OnlineKMeans.commitment(keys, kMeans.means())), config.beta());
        Tensor far;
        Tensor index = null;
        if (config.membership() == RoutingConfig.Membership.SEQUENCE) {
            RoutedAttention.Result result = routed.apply(items, keys, values, kMeans.means(), padding, form);
            far = result.out();
            index = result.queryIndex();
        } else {
            far = amongEarlier(items, values, padding, form);
        }
        if (is_training()) {
            kMeans.update(items.detach());
            if (!config.shared()) {
                kMeans.update(keys.detach());
            }
        }
        return new Trace(merged(near == null ? far : Ops.cat(1, far, near)), loss, index);
    }

    /** The routed heads with groups of the tokens up to each. */
    private Tensor amongEarlier(Tensor items, Tensor values, Padding padding, Form form) {
        Tensor scores = OnlineKMeans.scores(items.detach(), kMeans.means()).transpose(2, 3); // (B, Hc, C, N)
        return PrefixRouting.apply(items, values, config.membership() == RoutingConfig.Membership.RANDOM
                ? torch.rand(scores.sizes()) : scores, config.window(), padding, form);
    }

    /** x W in heads, (B, H, N, d). */
    private Tensor heads(Tensor x, Tensor kernel) {
        return Heads.split(x.matmul(kernel), config.heads());
    }

    private Tensor sphere(Tensor heads) {
        return OnlineKMeans.normalise(heads.narrow(1, 0, config.clusterHeads()), config.epsilon());
    }

    private Tensor merged(Tensor heads) {
        return Heads.merge(heads.matmul(mixing)).matmul(output);
    }

    @Override
    public MixerState state(long batch) {
        if (!config.causal() || config.clusterHeads() > 0
                && (!config.shared() || config.membership() == RoutingConfig.Membership.RANDOM)) {
            throw new UnsupportedOperationException("routing-transformer decodes step by step only when causal with"
                    + " shared"
                    + " queries and keys, and by content");
        }
        return decoder().state(batch);
    }

    private RoutingDecoder decoder() {
        return new RoutingDecoder(config, kMeans, local, routed.relative(), query);
    }

    /** Routes the new token among those up to it, as the published decoding does. */
    @Override
    public Tensor step(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor in = x.unsqueeze(1);
            int routedHeads = config.clusterHeads();
            int localHeads = config.localHeads();
            Tensor q = Ops.scale(heads(in, query), 1 / Math.sqrt(config.headWidth()));
            Tensor k = heads(in, key);
            Tensor v = heads(in, value);
            Tensor near = decoder().localStep(state, q.narrow(1, routedHeads, localHeads),
                    k.narrow(1, routedHeads, localHeads), v.narrow(1, routedHeads, localHeads));
            Tensor far = routedHeads == 0 ? null
                    : decoder().routedStep(state, sphere(q), v.narrow(1, 0, routedHeads));
            return merged(far == null ? near : Ops.cat(1, far, near)).squeeze(1);
        }
    }

    /** A prompt at once; what continues one, or has vectors for ranks, step by step. */
    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        if (state.position() > 0 || routed.relative() != null) {
            return super.prefill(x, state);
        }
        try (NoGradGuard _ = new NoGradGuard()) {
            int routedHeads = config.clusterHeads();
            int localHeads = config.localHeads();
            Tensor q = Ops.scale(heads(x, query), 1 / Math.sqrt(config.headWidth()));
            Tensor k = heads(x, key);
            Tensor v = heads(x, value);
            Tensor items = routedHeads == 0 ? null : sphere(q);
            decoder().load(state, items, k, v);
            Tensor near = localHeads == 0 ? null : local.apply(q.narrow(1, routedHeads, localHeads),
                    k.narrow(1, routedHeads, localHeads), v.narrow(1, routedHeads, localHeads), null, Form.AUTO);
            Tensor far = items == null ? null
                    : amongEarlier(items, v.narrow(1, 0, routedHeads), null, Form.AUTO);
            return merged(near == null ? far : far == null ? near : Ops.cat(1, far, near));
        }
    }
}
