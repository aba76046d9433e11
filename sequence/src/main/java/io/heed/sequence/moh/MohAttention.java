package io.heed.sequence.moh;

import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.DecodeSpec;
import io.heed.kernels.Mask;
import io.heed.nn.AttentionCall;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.FusedDecode;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.nn.Padding;
import io.heed.nn.Rotary;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/**
 * Mixture-of-head attention; see the package for the equations.
 *
 * <p>Parameters {@code qkv.weight ((H + 2 G) d, D)}, {@code proj.weight (D, H d)}, biases where asked for,
 * {@code q_norm.*}, {@code k_norm.* (d)} where normalised, and the routers' {@code wg.weight}, {@code wg_0.weight},
 * {@code wg_1.weight}. Without routers the names are those of softmax attention, so its weights go on here.
 */
public final class MohAttention extends SequenceMixer {
    private final MohConfig config;
    private final double balance;
    private final Rotary rotary;
    private final LinearImpl qkv;
    private final LinearImpl proj;
    private final Norm queryNorm;
    private final Norm keyNorm;
    private final HeadRouter router;
    private final QueryNormRouter normRouter;

    /** @param layers of the model, for initial scales and the balance loss */
    public MohAttention(MohConfig config, int layers) {
        super("MohAttention");
        if (config.router() != MohConfig.Router.NONE) {
            HeadRouter.check(config.heads(), config.shared(), config.chosen());
        }
        this.config = config;
        this.balance = config.balance() / layers;
        long wide = config.heads() * config.headWidth();
        rotary = config.rotary() == 0 ? null : new Rotary(config.headWidth(), config.rotary(), Rotary.Layout.HALVES);
        qkv = register_module("qkv", Initialisation.linear(config.width(),
                wide + 2 * config.keyValueHeads() * config.headWidth(), config.bias()));
        proj = register_module("proj", Initialisation.residual(wide, config.width(), config.bias(), layers));
        queryNorm = config.queryNorm() ? register_module("q_norm", new Norm.Layer(config.headWidth())) : null;
        keyNorm = config.queryNorm() ? register_module("k_norm", new Norm.Layer(config.headWidth())) : null;
        router = config.router() == MohConfig.Router.LEARNED ? new HeadRouter(this, config.width(), config.heads(),
                config.shared(), config.chosen(), config.gates()) : null;
        normRouter = config.router() == MohConfig.Router.QUERY_NORM
                ? new QueryNormRouter(config.shared(), config.chosen()) : null;
    }

    /**
     * What attention gives.
     *
     * @param out  (B, N, D)
     * @param mask (B, N, H - h_s) bool, routed heads that are on; null where all are
     * @param loss the load-balance loss, unweighed; null where nothing is routed by trained routers
     */
    public record Trace(Tensor out, Tensor mask, Tensor loss) { }

    /** Queries, keys and values ready to attend, and the gates (B, N, H), null for all on. */
    private record Projected(Tensor q, Tensor k, Tensor v, Tensor gates, Tensor mask, Tensor loss) { }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(config.causal() ? Pattern.CAUSAL_SELF : Pattern.NONCAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return rotary != null;
    }

    /** @throws IllegalArgumentException with a memory */
    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new IllegalArgumentException(
                    "mixture-of-head attention attends to its own input only, not to a memory");
        }
        Trace trace = trace(x, context);
        if (trace.loss != null && balance > 0) {
            context.addLoss(Ops.scale(trace.loss, balance));
        }
        return trace.out;
    }

    /** The output with what the routers chose; adds no loss to the context. */
    public Trace trace(Tensor x, MixerContext context) {
        Projected p = project(x, 0);
        AttentionSpec spec = context.padding().map(Padding::keys).map(AttentionSpec.softmax()::withPadding)
                .orElse(AttentionSpec.softmax());
        AttentionSpec masked = config.causal() ? spec.withMask(Mask.causal()) : spec;
        Tensor heads;
        if (!context.form().isFused(x)) {
            heads = ComposedAttention.apply(p.q, p.k, p.v, masked);
        } else if (p.mask == null || context.padding().isPresent()) {
            heads = FusedAttention.apply(p.q, p.k, p.v, masked);
        } else {
            heads = skipping(p, masked, spec);
        }
        Tensor gated = context.watch(gated(heads, p.gates), () -> weighed(p, masked));
        return new Trace(proj.forward(Heads.merge(gated)), p.mask, p.loss);
    }

    /** What an observer is told: attention whose weights are multiplied by the gates. */
    private static AttentionCall weighed(Projected p, AttentionSpec spec) {
        AttentionCall call = AttentionCall.of(p.q, p.k, p.v, spec);
        return p.gates == null ? call : new AttentionCall(p.q, p.k, p.v, (from, count) -> call.weights(from, count)
                .mul(p.gates.transpose(1, 2).narrow(2, from, count).unsqueeze(-1)));
    }

    /** Shared heads on all queries, routed heads on those that chose them. */
    private Tensor skipping(Projected p, AttentionSpec masked, AttentionSpec plain) {
        int shared = config.shared();
        int routed = config.heads() - shared;
        Tensor k = Heads.repeat(p.k, config.heads());
        Tensor v = Heads.repeat(p.v, config.heads());
        Tensor picked = PickedQueries.of(p.mask).attend(p.q.narrow(1, shared, routed), k.narrow(1, shared, routed),
                v.narrow(1, shared, routed), config.causal(), plain);
        return shared == 0 ? picked : Ops.cat(1, FusedAttention.apply(p.q.narrow(1, 0, shared), k.narrow(1, 0, shared),
                v.narrow(1, 0, shared), masked), picked);
    }

    @Override
    public MixerState state(long batch) {
        if (!config.causal()) {
            throw new UnsupportedOperationException("attention that is not causal cannot decode step by step");
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
            Projected p = project(x, cache.position());
            cache.append(p.k, p.v);
            boolean fused = Form.AUTO.isFused(p.q);
            if (fused && x.size(1) == 1) {
                return output(p.mask == null ? FusedDecode.apply(p.q, cache.keys(), cache.values(),
                        DecodeSpec.softmax())
                        : decode(p, cache), p.gates);
            }
            AttentionSpec spec = AttentionSpec.softmax().withMask(Mask.causal((int) x.size(1), (int) cache.position()));
            return output(fused ? FusedAttention.apply(p.q, cache.keys(), cache.values(), spec)
                    : ComposedAttention.apply(p.q, cache.keys(), cache.values(), spec), p.gates);
        }
    }

    /** One token of each sequence: the caches of heads that are off are not read. */
    private Tensor decode(Projected p, KeyValueCache cache) {
        boolean[] on = Ops.booleans(p.mask);                                         // (B, 1, R)
        int routed = config.heads() - config.shared();
        int group = config.heads() / config.keyValueHeads();
        Tensor out = p.q.new_zeros(p.q.shape());
        for (int b = 0; b < p.q.size(0); b++) {
            for (int h = 0; h < config.heads(); h++) {
                if (h < config.shared() || on[b * routed + h - config.shared()]) {
                    Tensor head = FusedDecode.apply(one(p.q, b, h), one(cache.keys(), b, h / group),
                            one(cache.values(), b, h / group), DecodeSpec.softmax());
                    one(out, b, h).copy_(head);
                }
            }
        }
        return out;
    }

    /** One head of one sequence, a view (1, 1, N, d). */
    private static Tensor one(Tensor heads, int b, int h) {
        return heads.narrow(0, b, 1).narrow(1, h, 1);
    }

    private Projected project(Tensor x, long first) {
        Tensor[] heads = Heads.unpack(qkv.forward(x), config.heads(), config.keyValueHeads());
        Tensor gates = null;
        Tensor mask = null;
        Tensor loss = null;
        if (router != null) {
            HeadRouter.Choice choice = router.choose(x.flatten(0, 1));
            gates = choice.gates().unflatten(0, x.size(0), x.size(1));
            mask = choice.mask() == null ? null : choice.mask().unflatten(0, x.size(0), x.size(1));
            loss = choice.loss();
        } else if (normRouter != null) {
            gates = normRouter.gates(heads[0], is_training());
            mask = config.chosen() == 0 ? null : gates.narrow(-1, config.shared(), config.heads() - config.shared())
                    .gt(new Scalar(0.5));
        }
        return new Projected(turn(normalised(heads[0], queryNorm), first), turn(normalised(heads[1], keyNorm), first),
                heads[2], gates, mask, loss);
    }

    private static Tensor normalised(Tensor heads, Norm norm) {
        return norm == null ? heads : norm.forward(heads);
    }

    private Tensor turn(Tensor heads, long first) {
        return rotary == null ? heads : rotary.apply(heads, first);
    }

    private static Tensor gated(Tensor heads, Tensor gates) {
        return gates == null ? heads : heads.mul(gates.transpose(1, 2).unsqueeze(-1));
    }

    /** Gates the heads (B, H, N, d) and projects them: (B, N, D). */
    private Tensor output(Tensor heads, Tensor gates) {
        return proj.forward(Heads.merge(gated(heads, gates)));
    }
}
