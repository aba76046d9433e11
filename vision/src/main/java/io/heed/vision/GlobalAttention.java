package io.heed.vision;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.nn.AttentionCall;
import io.heed.nn.ComposedAttention;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.sequence.MixerContext;

/**
 * Softmax attention from every token of the grid to every other, as in ViT (arXiv 2010.11929): the baseline of
 * comparisons on images. With relative positions, a learned bias for each head and offset is added to the logits.
 *
 * <p>Parameters {@code qkv.weight (3D, D)}, {@code qkv.bias}, {@code proj.weight (D, D)}, {@code proj.bias}, and
 * {@code bias.table} where positions are relative.
 */
public final class GlobalAttention extends GridMixer {
    private final GridConfig config;
    private final LinearImpl qkv;
    private final LinearImpl proj;
    private final RelativeBias bias;

    /** Builds it with fresh weights. */
    public GlobalAttention(GridConfig config) {
        super("GlobalAttention");
        this.config = config;
        qkv = register_module("qkv", Initialisation.linear(config.width(), 3 * config.width(), true));
        proj = register_module("proj", Initialisation.residual(config.width(), config.width(), true, config.layers()));
        bias = config.relative() ? register_module("bias", new RelativeBias(config.heads(), config.rows(),
                config.columns())) : null;
    }

    @Override
    public boolean carriesOrder() {
        return bias != null;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor tokens = x.flatten(1, 2);                                      // (B, N, D)
        Tensor[] heads = Heads.unpack(qkv.forward(tokens), config.heads(), config.heads());
        Tensor out = context.watch(attend(heads[0], heads[1], heads[2], context),
                () -> new AttentionCall(heads[0], heads[1],
                heads[2], (from, count) -> weights(heads[0], heads[1]).narrow(2, from, count)));
        return proj.forward(Heads.merge(out)).view_as(x);
    }

    private Tensor attend(Tensor q, Tensor k, Tensor v, MixerContext context) {
        boolean drops = config.dropout() > 0 && is_training();
        if (bias == null && !drops && context.form().isFused(q)) {
            return FusedAttention.apply(q, k, v, AttentionSpec.softmax());
        }
        Tensor weights = weights(q, k);                                       // (B, heads, N, N)
        return ComposedAttention.apply(drops ? torch.dropout(weights, config.dropout(), true) : weights, v);
    }

    private Tensor weights(Tensor q, Tensor k) {
        Tensor logits = ComposedAttention.logits(q, k, AttentionSpec.softmax());
        return (bias == null ? logits : logits.add(bias.forward())).softmax(-1);
    }
}
