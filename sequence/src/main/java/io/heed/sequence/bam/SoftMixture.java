package io.heed.sequence.bam;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.DecodeSpec;
import io.heed.kernels.Mask;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.FusedDecode;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.nn.Rotary;
import io.heed.nn.TopKRouting;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/**
 * A soft mixture of attention experts; see the package for the equations.
 *
 * <p>Parameters {@code attn.e.q_proj.weight (H d, D)}, {@code attn.e.o_proj.weight (D, H d)},
 * {@code attn.e.k_proj.weight}, {@code attn.e.v_proj.weight (G d, D)}, or {@code attn.k_proj.weight},
 * {@code attn.v_proj.weight} where they are shared, and {@code attn_router.weight (E, D)}.
 */
public final class SoftMixture extends SequenceMixer {
    private final SoftMixtureConfig config;
    private final Rotary rotary;
    private final List<LinearImpl> q = new ArrayList<>();
    private final List<LinearImpl> k = new ArrayList<>();
    private final List<LinearImpl> v = new ArrayList<>();
    private final List<LinearImpl> o = new ArrayList<>();
    private final LinearImpl router;

    /** Builds it with fresh weights. */
    public SoftMixture(SoftMixtureConfig config) {
        this(config, null);
    }

    /** @param parent registers the parameters in place of this mixer; null for the mixer itself */
    SoftMixture(SoftMixtureConfig config, Module parent) {
        super("SoftMixture");
        this.config = config;
        rotary = config.rotary() ? new Rotary(config.headWidth()) : null;
        Module owner = parent == null ? this : parent;
        Module attention = owner.register_module("attn", Registration.group());
        long queries = config.heads() * config.headWidth();
        long keys = config.keyValueHeads() * config.headWidth();
        for (int e = 0; e < config.experts(); e++) {
            Module expert = attention.register_module(Integer.toString(e), Registration.group());
            q.add(expert.register_module("q_proj", Initialisation.linear(config.width(), queries, false)));
            o.add(expert.register_module("o_proj", Initialisation.linear(queries, config.width(), false)));
            if (!config.sharing()) {
                addKeysAndValues(expert, keys);
            }
        }
        if (config.sharing()) {
            addKeysAndValues(attention, keys);
        }
        router = owner.register_module("attn_router", Initialisation.linear(config.width(), config.experts(), false));
    }

    private void addKeysAndValues(Module owner, long rows) {
        k.add(owner.register_module("k_proj", Initialisation.linear(config.width(), rows, false)));
        v.add(owner.register_module("v_proj", Initialisation.linear(config.width(), rows, false)));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(config.causal() ? Pattern.CAUSAL_SELF : Pattern.NONCAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return rotary != null;
    }

    /** The module's own weights. */
    AttentionWeights weights() {
        return new AttentionWeights(list(q), list(k), list(v), list(o), router.weight());
    }

    private static List<Tensor> list(List<LinearImpl> maps) {
        return maps.stream().map(LinearImpl::weight).toList();
    }

    /** @throws IllegalArgumentException with a memory */
    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new IllegalArgumentException("a mixture of attention experts attends to its own input only");
        }
        return forward(x, weights(), context);
    }

    /** The same by other weights, through which gradients flow. */
    Tensor forward(Tensor x, AttentionWeights weights, MixerContext context) {
        AttentionSpec spec = config.causal() ? AttentionSpec.softmax().withMask(Mask.causal())
                : AttentionSpec.softmax();
        spec = context.padding().map(Padding::keys).map(spec::withPadding).orElse(spec);
        if (context.form().isFused(x)) {
            Tensor heads = FusedAttention.apply(queries(x, weights, 0), keys(x, weights, 0), values(x, weights), spec);
            return mix(x, heads, weights);
        }
        return reference(x, weights, spec);
    }

    /** Expert by expert, as the equations read: A = sum_e w_e Attn_e(h). */
    private Tensor reference(Tensor x, AttentionWeights weights, AttentionSpec spec) {
        Tensor w = expertWeights(x, weights);                                        // (B, N, E)
        Tensor sum = null;
        for (int e = 0; e < config.experts(); e++) {
            int kv = config.sharing() ? 0 : e;
            Tensor heads = ComposedAttention.apply(
                    turn(Heads.split(torch.linear(x, weights.q().get(e)), config.heads()), 0),
                    turn(Heads.split(torch.linear(x, weights.k().get(kv)), config.keyValueHeads()), 0),
                    Heads.split(torch.linear(x, weights.v().get(kv)), config.keyValueHeads()), spec);
            Tensor out = torch.linear(Heads.merge(heads), weights.o().get(e)).mul(w.select(-1, e).unsqueeze(-1));
            sum = sum == null ? out : sum.add(out);
        }
        return sum;
    }

    @Override
    public MixerState state(long batch) {
        if (!config.causal()) {
            throw new UnsupportedOperationException("a mixture that is not causal cannot decode step by step");
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
            AttentionWeights weights = weights();
            KeyValueCache cache = (KeyValueCache) state;
            long first = cache.position();
            cache.append(keys(x, weights, first), values(x, weights));
            Tensor queries = queries(x, weights, first);
            boolean fused = Form.AUTO.isFused(queries);
            if (fused && queries.size(2) == 1) {
                return mix(x, FusedDecode.apply(queries, cache.keys(), cache.values(), DecodeSpec.softmax()), weights);
            }
            AttentionSpec spec = AttentionSpec.softmax()
                    .withMask(Mask.causal((int) queries.size(2), (int) cache.position()));
            return mix(x, fused ? FusedAttention.apply(queries, cache.keys(), cache.values(), spec)
                    : ComposedAttention.apply(queries, cache.keys(), cache.values(), spec), weights);
        }
    }

    /** Weights of the experts' outputs (B, N, E). */
    private Tensor expertWeights(Tensor x, AttentionWeights weights) {
        Tensor logits = torch.linear(x, weights.router());
        return config.routed() == 0 ? torch.softmax(logits, -1)
                : TopKRouting.of(logits.flatten(0, 1), config.routed(), config.routed() > 1).dense()
                .view(logits.shape());
    }

    /**
     * All experts' queries (B, E H, N, d). Consecutive heads share keys and values, so with sharing they lie by
     * key/value head, then expert; else by expert.
     */
    private Tensor queries(Tensor x, AttentionWeights weights, long first) {
        Tensor stacked = Ops.stack(0, weights.q().toArray(Tensor[]::new));           // (E, H d, D)
        if (config.sharing()) {
            stacked = stacked.view(config.experts(), config.keyValueHeads(), -1, config.width()).transpose(0, 1);
        }
        return turn(Heads.split(torch.linear(x, stacked.reshape(-1, config.width())), config.experts()
                * config.heads()),
                first);
    }

    private Tensor keys(Tensor x, AttentionWeights weights, long first) {
        return turn(values(x, weights.k()), first);
    }

    private Tensor values(Tensor x, AttentionWeights weights) {
        return values(x, weights.v());
    }

    private Tensor values(Tensor x, List<Tensor> maps) {
        return Heads.split(torch.linear(x, Ops.cat(0, maps.toArray(Tensor[]::new))), config.allKeyValueHeads());
    }

    private Tensor turn(Tensor heads, long first) {
        return rotary == null ? heads : rotary.apply(heads, first);
    }

    /** Weighs the contexts (B, E H, N, d), ordered as queries are, and projects all in one product: (B, N, D). */
    private Tensor mix(Tensor x, Tensor heads, AttentionWeights weights) {
        int e = config.experts();
        int groups = config.sharing() ? config.keyValueHeads() : 1;
        long batch = x.size(0);
        long length = x.size(1);
        long each = config.heads() * config.headWidth() / groups;
        Tensor contexts = Heads.merge(heads).view(batch, length, groups, e, each);
        Tensor weighed = contexts.mul(expertWeights(x, weights).unsqueeze(2).unsqueeze(-1)).flatten(2, 4);
        Tensor stacked = Ops.stack(0, weights.o().toArray(Tensor[]::new))            // (E, D, H d)
                .view(e, config.width(), groups, each).permute(1, 2, 0, 3);
        return torch.linear(weighed, stacked.reshape(config.width(), -1));
    }
}
