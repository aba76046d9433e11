package io.heed.sequence.softmax;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

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
import io.heed.nn.Padding;
import io.heed.nn.Rotary;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;

/**
 * Multi-head softmax attention; see the package for the equations. Serves all four patterns: with a memory, queries
 * come from the input, keys and values from the memory, without positions.
 *
 * <p>Parameters {@code qkv.weight ((H + 2 G) d, D)}: query heads, key heads, value heads; {@code proj.weight (D, D)};
 * no biases.
 */
public final class SoftmaxAttention extends SequenceMixer {
    /** How the mixer tells positions apart. */
    private enum Positions { ROTARY, NONE }

    private final MixerConfig config;
    private final Rotary rotary;
    private final LinearImpl qkv;
    private final LinearImpl proj;

    /** Builds it with fresh weights. */
    public SoftmaxAttention(MixerConfig config) {
        super("SoftmaxAttention");
        this.config = config;
        MixerOptions options = MixerOptions.of(config);
        Positions positions = options.choice("positions", Positions.class, Positions.ROTARY);
        rotary = positions == Positions.NONE ? null
                : new Rotary(config.headWidth(), options.number("base", 10_000), Rotary.Layout.HALVES);
        long keyValueWidth = config.keyValueHeads() * config.headWidth();
        qkv = register_module("qkv", Initialisation.linear(config.width(), config.width() + 2 * keyValueWidth, false));
        proj = register_module("proj", Initialisation.residual(config.width(), config.width(), false, config.layers()));
    }

    @Override
    public Set<Pattern> patterns() {
        return config.causal() ? Set.of(Pattern.CAUSAL_SELF, Pattern.CAUSAL_CROSS)
                : Set.of(Pattern.NONCAUSAL_SELF, Pattern.NONCAUSAL_CROSS);
    }

    @Override
    public boolean carriesOrder() {
        return rotary != null;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Projected p = project(x, context);
        if (config.dropout() > 0 && is_training()) {
            Tensor weights = torch.dropout(ComposedAttention.weights(p.q, p.k, p.spec), config.dropout(), true);
            return output(ComposedAttention.apply(weights, p.v));
        }
        return output(context.watch(attend(p.q, p.k, p.v, p.spec, context.form()),
                () -> AttentionCall.of(p.q, p.k, p.v, p.spec)));
    }

    /**
     * The attention matrix: (B, H, N, N), or (B, H, N, M) with a memory.
     *
     * @param x (B, N, D)
     */
    public Tensor weights(Tensor x, MixerContext context) {
        Projected p = project(x, context);
        return ComposedAttention.weights(p.q, p.k, p.spec);
    }

    @Override
    public MixerState state(long batch) {
        if (!config.causal()) {
            throw new UnsupportedOperationException("softmax attention that is not causal cannot decode step by step");
        }
        return new KeyValueCache(batch);
    }

    @Override
    public MixerState state(long batch, MixerContext context) {
        if (context.memory().isEmpty()) {
            return state(batch);
        }
        List<Tensor> projected = new ArrayList<>();
        try (NoGradGuard _ = new NoGradGuard()) {
            projected.addAll(List.of(keysAndValues(context.memory().get())));
        }
        context.memoryPadding().map(Padding::mask).ifPresent(projected::add);
        projected.forEach(Tensor::retainReference); // for later resets; the garbage collector frees them
        return new TensorState(batch, () -> projected);
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            if (state instanceof TensorState memory) {
                memory.advance(x.size(1));
                AttentionSpec spec = memory.count() < 3 ? AttentionSpec.softmax()
                        : AttentionSpec.softmax().withPadding(new Padding(memory.get(2)).keys());
                return output(attend(queries(x), memory.get(0), memory.get(1), spec, Form.AUTO));
            }
            KeyValueCache cache = (KeyValueCache) state;
            long first = cache.position();
            Tensor[] heads = Heads.unpack(qkv.forward(x), config.heads(), config.keyValueHeads());
            cache.append(turn(heads[1], first), heads[2]);
            Tensor q = turn(heads[0], first);
            if (q.size(2) == 1 && Form.AUTO.isFused(q)) {
                return output(FusedDecode.apply(q, cache.keys(), cache.values(), DecodeSpec.softmax()));
            }
            AttentionSpec spec = AttentionSpec.softmax().withMask(Mask.causal((int) q.size(2), (int) cache.position()));
            return output(attend(q, cache.keys(), cache.values(), spec, Form.AUTO));
        }
    }

    /** What the attention itself takes. */
    private record Projected(Tensor q, Tensor k, Tensor v, AttentionSpec spec) { }

    private Projected project(Tensor x, MixerContext context) {
        AttentionSpec spec = padded(AttentionSpec.softmax(), context);
        if (context.memory().isPresent()) {
            Tensor[] kv = keysAndValues(context.memory().get());
            return new Projected(queries(x), kv[0], kv[1], spec);
        }
        Tensor[] heads = Heads.unpack(qkv.forward(x), config.heads(), config.keyValueHeads());
        return new Projected(turn(heads[0], 0), turn(heads[1], 0), heads[2],
                config.causal() ? spec.withMask(Mask.causal()) : spec);
    }

    private static AttentionSpec padded(AttentionSpec spec, MixerContext context) {
        return context.keyPadding().map(Padding::keys).map(spec::withPadding).orElse(spec);
    }

    private static Tensor attend(Tensor q, Tensor k, Tensor v, AttentionSpec spec, Form form) {
        return form.isFused(q) ? FusedAttention.apply(q, k, v, spec) : ComposedAttention.apply(q, k, v, spec);
    }

    /** (B, N, D) to (B, H, N, d), without positions. */
    private Tensor queries(Tensor x) {
        return Heads.split(torch.linear(x, qkv.weight().narrow(0, 0, config.width())), config.heads());
    }

    /** (B, M, D) to keys and values (B, G, M, d), without positions. */
    private Tensor[] keysAndValues(Tensor memory) {
        long rows = 2 * config.keyValueHeads() * config.headWidth();
        TensorVector parts = torch.linear(memory, qkv.weight().narrow(0, config.width(), rows)).chunk(2, -1);
        return new Tensor[] {Heads.split(parts.get(0), config.keyValueHeads()),
            Heads.split(parts.get(1), config.keyValueHeads())};
    }

    /** (B, H, N, d), each row turned by its position. */
    private Tensor turn(Tensor heads, long first) {
        return rotary == null ? heads : rotary.apply(heads, first);
    }

    /** (B, H, N, d) to (B, N, D). */
    private Tensor output(Tensor heads) {
        return proj.forward(Heads.merge(heads));
    }
}
