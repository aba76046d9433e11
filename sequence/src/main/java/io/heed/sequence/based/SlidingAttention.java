package io.heed.sequence.based;

import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.AttentionCall;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Rotary;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * Causal softmax attention over a short window: each token sees {@code left} tokens before itself and itself. Its
 * state is the keys and values of the last {@code left} tokens.
 *
 * <p>Parameters {@code Wqkv.weight (3 D, D)}: queries, keys, values; {@code out_proj.weight (D, D)}; biases if asked.
 */
public final class SlidingAttention extends SequenceMixer {
    /**
     * What it is built from.
     *
     * @param width       D
     * @param heads       H
     * @param left        tokens seen before the own one; half of what the paper's configs call the window
     * @param rotaryWidth channels of a head that are turned by position, even; 0 for none
     * @param bias        whether the linear maps have biases
     * @param layers      layers of the model, for the initial scale of the last projection
     */
    public record Config(long width, int heads, int left, long rotaryWidth, boolean bias, int layers) {
        /** @throws IllegalArgumentException for sizes that do not fit each other */
        public Config {
            if (heads < 1 || width % heads != 0) {
                throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
            }
            if (left < 0 || rotaryWidth < 0 || rotaryWidth > width / heads) {
                throw new IllegalArgumentException("a window of " + left + " earlier tokens and " + rotaryWidth
                        + " rotary channels do not fit: at least 0, and at most the head width " + width / heads);
            }
        }
    }

    private final Config config;
    private final Rotary rotary;
    private final LinearImpl qkv;
    private final LinearImpl outProjection;

    public SlidingAttention(Config config) {
        super("SlidingAttention");
        this.config = config;
        rotary = config.rotaryWidth() == 0 ? null : new Rotary(config.rotaryWidth());
        qkv = register_module("Wqkv", Initialisation.linear(config.width(), 3 * config.width(), config.bias()));
        outProjection = register_module("out_proj",
                Initialisation.residual(config.width(), config.width(), config.bias(), config.layers()));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(Pattern.CAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return rotary != null;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        BasedMixers.requireOwnSequence(context);
        Tensor[] heads = heads(x, 0);
        AttentionSpec window = AttentionSpec.softmax().withMask(Mask.slidingWindow(config.left(), 0));
        AttentionSpec spec = context.padding().map(Padding::keys).map(window::withPadding).orElse(window);
        Tensor out = attend(heads[0], heads[1], heads[2], spec, context.form());
        return output(context.watch(out, () -> AttentionCall.of(heads[0], heads[1], heads[2], spec)));
    }

    private static Tensor attend(Tensor q, Tensor k, Tensor v, AttentionSpec spec, Form form) {
        return form.isFused(q) ? FusedAttention.apply(q, k, v, spec) : ComposedAttention.apply(q, k, v, spec);
    }

    /** Query, key and value heads (B, H, N, d) of tokens from position {@code first} on. */
    private Tensor[] heads(Tensor x, long first) {
        Tensor[] heads = Heads.unpack(qkv.forward(x), config.heads(), config.heads());
        heads[0] = turn(heads[0], first);
        heads[1] = turn(heads[1], first);
        return heads;
    }

    /** Turns the first channels of every head by position. */
    private Tensor turn(Tensor heads, long first) {
        long turned = config.rotaryWidth();
        long d = heads.size(-1);
        if (rotary == null) {
            return heads;
        }
        return turned == d ? rotary.apply(heads, first)
                : Ops.cat(-1, rotary.apply(heads.narrow(-1, 0, turned), first), heads.narrow(-1, turned, d - turned));
    }

    private Tensor output(Tensor heads) {
        return outProjection.forward(Heads.merge(heads));
    }

    @Override
    public MixerState state(long batch) {
        long[] none = {batch, config.heads(), 0, config.width() / config.heads()};
        return new TensorState(batch, () -> List.of(torch.empty(none, qkv.weight().detach().options(), null),
                torch.empty(none, qkv.weight().detach().options(), null)));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        TensorState held = (TensorState) state;
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor[] heads = heads(x, held.position());
            Tensor k = Ops.cat(2, held.get(0), heads[1]);
            Tensor v = Ops.cat(2, held.get(1), heads[2]);
            Mask window = Mask.slidingWindow(config.left(), 0, (int) x.size(1), (int) k.size(2));
            Tensor out = attend(heads[0], k, v, AttentionSpec.softmax().withMask(window), Form.AUTO);
            long kept = Math.min(config.left(), k.size(2));
            held.set(0, k.narrow(2, k.size(2) - kept, kept).clone());
            held.set(1, v.narrow(2, v.size(2) - kept, kept).clone());
            held.advance(x.size(1));
            return output(out);
        }
    }
}
