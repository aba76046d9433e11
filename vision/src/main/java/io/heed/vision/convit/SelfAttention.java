package io.heed.vision.convit;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.AttentionSpec;
import io.heed.nn.AttentionCall;
import io.heed.nn.ComposedAttention;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.sequence.MixerContext;

/** Plain self-attention over tokens. Parameters {@code qkv.weight (3D, D)}, {@code proj.weight}, {@code proj.bias}. */
final class SelfAttention extends Module {
    private final int heads;
    private final LinearImpl qkv;
    private final LinearImpl proj;

    SelfAttention(long width, int heads, boolean bias) {
        super("SelfAttention");
        this.heads = heads;
        qkv = register_module("qkv", Initialisation.linear(width, 3 * width, bias));
        proj = register_module("proj", Initialisation.linear(width, width, true));
    }

    /** (B, N, D) to (B, N, D). */
    Tensor forward(Tensor x, MixerContext context) {
        Tensor[] qkvHeads = Heads.unpack(qkv.forward(x), heads, heads);
        AttentionSpec spec = AttentionSpec.softmax();
        Tensor out = context.form().isFused(x) ? FusedAttention.apply(qkvHeads[0], qkvHeads[1], qkvHeads[2], spec)
                : ComposedAttention.apply(qkvHeads[0], qkvHeads[1], qkvHeads[2], spec);
        out = context.watch(out, () -> AttentionCall.of(qkvHeads[0], qkvHeads[1], qkvHeads[2], spec));
        return proj.forward(Heads.merge(out));
    }
}
