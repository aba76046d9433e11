package io.heed.sequence.sigmoid;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.KeyPadding;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;

/**
 * Multi-head sigmoid self-attention; see the package for the equations. With a memory, queries come from the input,
 * keys and values from the memory, without positions.
 *
 * <p>Parameters {@code qkv.weight ((H + 2 G) d, D)}: query heads, key heads, value heads; {@code q_norm.*},
 * {@code k_norm.*} (d); {@code proj.weight (D, D)}; {@code qkv.bias}, {@code proj.bias} if asked. Buffers
 * {@code attn_bias (1)}, {@code attn_temp (1)}.
 */
public final class SigmoidAttention extends SequenceMixer {
    private final SigmoidConfig config;
    private final LinearImpl qkv;
    private final LinearImpl proj;
    private final Norm queryNorm;
    private final Norm keyNorm;
    private final SigmoidHeads core;

    /** Fresh weights: normal with deviation 0.02 cut at two deviations, biases 0. */
    public SigmoidAttention(SigmoidConfig config) {
        this(config, Initialisation.linear(config.width(), config.width(), config.linearBias()));
    }

    private SigmoidAttention(SigmoidConfig config, LinearImpl outProjection) {
        super("SigmoidAttention");
        this.config = config;
        core = new SigmoidHeads(config,
                Registration.buffer(this, "attn_bias", torch.full(new long[] {1}, new Scalar(config.bias()))),
                Registration.buffer(this, "attn_temp", torch.full(new long[] {1}, new Scalar(config.temperature()))));
        long packed = (config.heads() + 2L * config.keyValueHeads()) * config.headWidth();
        qkv = register_module("qkv", Initialisation.linear(config.width(), packed, config.linearBias()));
        queryNorm = config.queryKeyNorm()
                ? register_module("q_norm", new Norm.Layer(config.headWidth(), config.epsilon())) : null;
        keyNorm = config.queryKeyNorm()
                ? register_module("k_norm", new Norm.Layer(config.headWidth(), config.epsilon())) : null;
        proj = register_module("proj", outProjection);
    }

    /**
     * Builds it for a backbone: RoPE, QK norm and b = -ln N for the training length N, unless options say otherwise.
     *
     * @throws IllegalArgumentException for an option's value that it cannot take
     */
    static SequenceMixer of(MixerConfig config) {
        MixerOptions options = MixerOptions.of(config);
        double bias = options.text("bias", "length").equals("length") ? -Math.log(config.length())
                : options.number("bias", 0);
        int window = options.integer("window", 0);
        SigmoidConfig sigmoid = new SigmoidConfig(config.width(), config.heads(), config.keyValueHeads(),
                config.causal(),
                options.choice("positions", SigmoidConfig.Positions.class, SigmoidConfig.Positions.ROTARY),
                options.flag("qk-norm", true), 1e-5, bias, options.number("temperature", 0), false,
                options.choice("rows", SigmoidConfig.RowNormalisation.class, SigmoidConfig.RowNormalisation.NONE),
                window == 0 ? SigmoidConfig.Window.UNLIMITED : new SigmoidConfig.Window(window, window),
                config.dropout());
        SigmoidAttention attention = new SigmoidAttention(sigmoid,
                Initialisation.residual(config.width(), config.width(), false, config.layers()));
        SigmoidBlockConfig.Branch branch = options.choice("branch", SigmoidBlockConfig.Branch.class,
                SigmoidBlockConfig.Branch.IDENTITY);
        return branch == SigmoidBlockConfig.Branch.IDENTITY ? attention
                : new SigmoidBranch(attention, config.width(), branch);
    }

    @Override
    public Set<Pattern> patterns() {
        return config.causal() ? Set.of(Pattern.CAUSAL_SELF, Pattern.CAUSAL_CROSS)
                : Set.of(Pattern.NONCAUSAL_SELF, Pattern.NONCAUSAL_CROSS);
    }

    @Override
    public boolean carriesOrder() {
        return config.positions() != SigmoidConfig.Positions.NONE;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        KeyPadding padding = context.keyPadding().map(Padding::keys).orElseGet(KeyPadding::none);
        if (context.memory().isPresent()) {
            Tensor[] memory = keysAndValues(context.memory().get());
            Tensor q = queries(x);
            return output(context.watch(attendMemory(q, memory, padding, 0, context.form()),
                    () -> core.call(q, memory[0],
                    memory[1], core.spec(0, memory[0].size(2), padding, false))));
        }
        Tensor[] heads = heads(x, 0);
        AttentionSpec spec = core.spec(0, x.size(1), padding, true);
        return output(context.watch(core.attend(heads[0], heads[1], heads[2], spec, 0, context.form(), is_training()),
                () -> core.call(heads[0], heads[1], heads[2], spec)));
    }

    /** The same step by step, by the composed form: self-attention over (B, N, D), dropout off. */
    public SigmoidTrace trace(Tensor x, MixerContext context) {
        KeyPadding padding = context.padding().map(Padding::keys).orElseGet(KeyPadding::none);
        Tensor[] heads = heads(x, 0);
        Tensor matrix = core.matrix(heads[0], heads[1], core.spec(0, x.size(1), padding, true), 0);
        Tensor timesValues = Heads.merge(ComposedAttention.apply(matrix, heads[2]));
        return new SigmoidTrace(matrix, timesValues, proj.forward(timesValues));
    }

    @Override
    public MixerState state(long batch) {
        requireCausal();
        return new KeyValueCache(batch);
    }

    @Override
    public MixerState state(long batch, MixerContext context) {
        requireCausal();
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

    private void requireCausal() {
        if (!config.causal()) {
            throw new UnsupportedOperationException("sigmoid-attention is not causal here: it has no state");
        }
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            if (state instanceof TensorState memory) {
                long first = memory.position();
                memory.advance(x.size(1));
                KeyPadding padding = memory.count() < 3 ? KeyPadding.none() : new Padding(memory.get(2)).keys();
                Tensor[] held = {memory.get(0), memory.get(1)};
                return output(attendMemory(queries(x), held, padding, first, Form.AUTO));
            }
            KeyValueCache cache = (KeyValueCache) state;
            long first = cache.position();
            Tensor[] heads = heads(x, first);
            cache.append(heads[1], heads[2]);
            return output(core.attend(heads[0], cache.keys(), cache.values(),
                    core.spec(first, cache.position(), KeyPadding.none(), true), first, Form.AUTO, false));
        }
    }

    /** Queries from number {@code first} on against a memory. */
    private Tensor attendMemory(Tensor q, Tensor[] memory, KeyPadding padding, long first, Form form) {
        return core.attend(q, memory[0], memory[1], core.spec(0, memory[0].size(2), padding, false), first, form,
                is_training());
    }

    /** Query, key and value heads, normalised and turned, for tokens from position {@code first} on. */
    private Tensor[] heads(Tensor x, long first) {
        Tensor[] heads = Heads.unpack(qkv.forward(x), config.heads(), config.keyValueHeads());
        heads[0] = core.turn(normalise(queryNorm, heads[0]), first);
        heads[1] = core.turn(normalise(keyNorm, heads[1]), first);
        return heads;
    }

    /** Query heads alone, (B, H, N, d), not turned. */
    private Tensor queries(Tensor x) {
        return normalise(queryNorm, Heads.split(part(x, 0, config.width()), config.heads()));
    }

    /** Key and value heads alone, (B, G, M, d) each, not turned. */
    private Tensor[] keysAndValues(Tensor memory) {
        long width = config.keyValueHeads() * config.headWidth();
        Tensor both = part(memory, config.width(), 2 * width);
        return new Tensor[] {normalise(keyNorm, Heads.split(both.narrow(-1, 0, width), config.keyValueHeads())),
            Heads.split(both.narrow(-1, width, width), config.keyValueHeads())};
    }

    /** Some rows of the packed projection. */
    private Tensor part(Tensor x, long from, long count) {
        TensorOptional bias = config.linearBias() ? new TensorOptional(qkv.bias().narrow(0, from, count))
                : new TensorOptional();
        return torch.linear(x, qkv.weight().narrow(0, from, count), bias);
    }

    private static Tensor normalise(Norm norm, Tensor heads) {
        return norm == null ? heads : norm.forward(heads);
    }

    private Tensor output(Tensor heads) {
        return proj.forward(Heads.merge(heads));
    }
}
