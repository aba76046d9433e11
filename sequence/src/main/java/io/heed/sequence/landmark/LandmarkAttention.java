package io.heed.sequence.landmark;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.nn.Form;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.nn.Rotary;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * Landmark attention for sequences without landmark tokens, as a mixer: it puts a landmark after every f tokens and
 * leaves its output out. A backbone hands on the tokens' own channels only, so a landmark's input is a learned vector
 * and the mean of its block's inputs, where the paper's own {@link LandmarkModel} carries landmarks through all
 * layers. Its state is all keys and values.
 *
 * <p>Parameters {@code landmark (D)}, {@code c_attn.weight (3 D, D)}, {@code c_proj.weight (D, D)}.
 */
public final class LandmarkAttention extends SequenceMixer {
    private final int heads;
    private final int tokens;
    private final double dropout;
    private final Rotary rotary;
    private final Tensor landmark;
    private final LinearImpl packed;
    private final LinearImpl outProjection;

    /**
     * @param config the attention's sizes, f among them
     */
    public LandmarkAttention(LandmarkConfig config) {
        super("LandmarkAttention");
        heads = config.heads();
        tokens = config.tokens();
        dropout = config.dropout();
        rotary = new Rotary(config.headWidth(), config.base(), Rotary.Layout.INTERLEAVED);
        landmark = Registration.parameter(this, "landmark",
                Initialisation.truncatedNormal(torch.empty(config.width()), Initialisation.DEVIATION));
        packed = register_module("c_attn", Initialisation.linear(config.width(), 3 * config.width(), config.bias()));
        outProjection = register_module("c_proj",
                Initialisation.residual(config.width(), config.width(), config.bias(), config.layers()));
    }

    /**
     * Builds it for a backbone.
     *
     * @throws IllegalArgumentException for a non-causal or grouped configuration, or an option's value that it cannot
     * take
     */
    static LandmarkAttention of(MixerConfig config) {
        if (!config.causal()) {
            throw new IllegalArgumentException("landmark-attention goes by blocks of what is past: it is causal only");
        }
        if (config.keyValueHeads() != config.heads()) {
            throw new IllegalArgumentException("landmark-attention has no grouped heads: key/value heads must be "
                    + config.heads() + ", got " + config.keyValueHeads());
        }
        return new LandmarkAttention(LandmarkConfig.of(config.width(), config.heads(), config.layers(),
                MixerOptions.of(config).integer("block", 15)).withDropout(config.dropout()));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(Pattern.CAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return true;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException("landmark-attention attends to its own sequence, not to a memory");
        }
        Padding padding = context.padding().orElse(null);
        Expanded expanded = expand(x, 0, null, padding);
        Tensor[] heads = turned(expanded.x, 0);
        Landmarks landmarks = Landmarks.every(tokens + 1, expanded.x.size(1));
        Tensor out = LandmarkHeads.outputs(heads[0], heads[1], heads[2], landmarks, expanded.padding,
                is_training() ? dropout : 0, context.form()).index_select(2, expanded.ordinary);
        return output(context.watch(out, () -> new AttentionCall(heads[0].index_select(2, expanded.ordinary),
                heads[1].index_select(2, expanded.ordinary), heads[2].index_select(2, expanded.ordinary),
                (from, count) -> LandmarkHeads.weights(heads[0], heads[1], landmarks, expanded.padding, 0)
                        .index_select(2, expanded.ordinary).index_select(3, expanded.ordinary).narrow(2, from,
                        count))));
    }

    /**
     * Tokens with landmarks among them.
     *
     * @param x        (B, n', D)
     * @param ordinary where the tokens are, (n) int64
     * @param padding  tokens that do not exist, and landmarks of blocks without any; null without padding
     * @param rest     sum of the inputs of the block that is not complete, (B, D)
     */
    private record Expanded(Tensor x, Tensor ordinary, Padding padding, Tensor rest) { }

    /**
     * Puts landmarks into tokens from number {@code first} on; {@code begun} is the sum of the block that they go on
     * with.
     */
    private Expanded expand(Tensor x, long first, Tensor begun, Padding padding) {
        List<Tensor> parts = new ArrayList<>();
        List<Tensor> masks = new ArrayList<>();
        List<Long> ordinary = new ArrayList<>();
        Tensor exists = padding == null ? null : padding.mask().logical_not().unsqueeze(-1).to(x.device(), Ops.type(x));
        Tensor sum = begun == null ? torch.zeros(new long[] {x.size(0), x.size(2)}, x.detach().options()) : begun;
        long place = 0;
        for (long at = 0; at < x.size(1); ) {
            long until = Math.min(x.size(1), at + tokens - (first + at) % tokens);
            Tensor part = x.narrow(1, at, until - at);
            parts.add(part);
            for (long t = at; t < until; t++) {
                ordinary.add(place++);
            }
            sum = sum.add((exists == null ? part : part.mul(exists.narrow(1, at, until - at))).sum(new long[] {1},
                    false, null));
            if (padding != null) {
                masks.add(padding.mask().narrow(1, at, until - at));
            }
            if ((first + until) % tokens == 0) {
                Tensor count = exists == null ? torch.full(new long[] {1, 1}, new Scalar(tokens), x.detach().options())
                        : exists.narrow(1, at, until - at).sum(new long[] {1}, false, null).clamp_min(new Scalar(1));
                parts.add(sum.div(count).add(landmark).unsqueeze(1));
                place++;
                sum = torch.zeros_like(sum);
                if (padding != null) {
                    masks.add(padding.mask().narrow(1, at, until - at).all(1, true));
                }
            }
            at = until;
        }
        return new Expanded(Ops.cat(1, parts.toArray(Tensor[]::new)),
                Ops.of(ordinary.stream().mapToLong(Long::longValue).toArray()).to(x.device(), torch.ScalarType.Long),
                padding == null ? null : new Padding(Ops.cat(1, masks.toArray(Tensor[]::new))), sum);
    }

    /** Query, key and value heads, (B, H, n', d), turned from position {@code first} on. */
    private Tensor[] turned(Tensor x, long first) {
        Tensor[] parts = Heads.unpack(packed.forward(x), heads, heads);
        parts[0] = rotary.apply(parts[0], first);
        parts[1] = rotary.apply(parts[1], first);
        return parts;
    }

    private Tensor output(Tensor out) {
        return outProjection.forward(Heads.merge(out));
    }

    @Override
    public MixerState state(long batch) {
        TensorOptions options = packed.weight().detach().options();
        long width = packed.weight().size(1);
        return new TensorState(batch, () -> List.of(torch.zeros(new long[] {batch, heads, 0, width / heads}, options),
                torch.zeros(new long[] {batch, heads, 0, width / heads}, options),
                torch.zeros(new long[] {batch, width}, options)));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        TensorState held = (TensorState) state;
        try (NoGradGuard _ = new NoGradGuard()) {
            long before = held.get(0).size(2);
            Expanded expanded = expand(x, held.position(), held.get(2), null);
            Tensor[] parts = turned(expanded.x, before);
            Tensor k = Ops.cat(2, held.get(0), parts[1]);
            Tensor v = Ops.cat(2, held.get(1), parts[2]);
            Landmarks landmarks = Landmarks.every(tokens + 1, k.size(2));
            Tensor out = before == 0 ? LandmarkHeads.outputs(parts[0], k, v, landmarks, null, 0, Form.AUTO)
                    : LandmarkHeads.weights(parts[0], k, landmarks, null, 0).matmul(v);
            held.set(0, k);
            held.set(1, v);
            held.set(2, expanded.rest);
            held.advance(x.size(1));
            return output(out.index_select(2, expanded.ordinary));
        }
    }
}
