package io.heed.sequence.zoology;

import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.AttentionCall;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;

/**
 * Causal softmax attention as the paper's models have it: one packed projection, biases, no positions of its own.
 *
 * <p>Parameters {@code Wqkv.* (3D, D)}: queries, keys, values of all heads; {@code out_proj.* (D, D)}.
 */
final class ZoologyAttention extends SequenceMixer {
    private final int heads;
    private final LinearImpl packed;
    private final LinearImpl out;

    ZoologyAttention(long width, int heads, int layers) {
        super("ZoologyAttention");
        if (heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
        this.heads = heads;
        packed = register_module("Wqkv", Initialisation.linear(width, 3 * width, true));
        out = register_module("out_proj", Initialisation.residual(width, width, true, layers));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(Pattern.CAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return false;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor[] qkv = Heads.unpack(packed.forward(x), heads, heads);
        AttentionSpec spec = AttentionSpec.softmax().withMask(Mask.causal());
        AttentionSpec padded = context.padding().map(Padding::keys).map(spec::withPadding).orElse(spec);
        Tensor attended = attend(qkv[0], qkv[1], qkv[2], padded, context.form());
        return out.forward(
                Heads.merge(context.watch(attended, () -> AttentionCall.of(qkv[0], qkv[1], qkv[2], padded))));
    }

    @Override
    public MixerState state(long batch) {
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
            Tensor[] qkv = Heads.unpack(packed.forward(x), heads, heads);
            cache.append(qkv[1], qkv[2]);
            AttentionSpec spec = AttentionSpec.softmax().withMask(Mask.causal((int) x.size(1), (int) cache.position()));
            return out.forward(Heads.merge(attend(qkv[0], cache.keys(), cache.values(), spec, Form.AUTO)));
        }
    }

    /** softmax(q k^T / sqrt(d)) v, heads (B, H, N, d). */
    private static Tensor attend(Tensor q, Tensor k, Tensor v, AttentionSpec spec, Form form) {
        return form.isFused(q) ? FusedAttention.apply(q, k, v, spec) : ComposedAttention.apply(q, k, v, spec);
    }
}
