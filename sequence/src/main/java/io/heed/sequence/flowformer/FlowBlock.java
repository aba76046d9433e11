package io.heed.sequence.flowformer;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.GptMlp;
import io.heed.nn.Norm;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;

/**
 * A pre-norm block of a GPT with flow attention: x += attn(ln_1 x), x += c_proj(gelu(c_fc(ln_2 x))), the GELU by tanh.
 *
 * <p>Parameters {@code ln_1.*}, {@code attn.*} as in {@link FlowAttention}, {@code ln_2.*}, {@code mlp.c_fc.* (F, D)},
 * {@code mlp.c_proj.* (D, F)}.
 */
public final class FlowBlock extends Module {
    private final Norm attentionNorm;
    private final FlowAttention attention;
    private final Norm mlpNorm;
    private final GptMlp mlp;

    /**
     * @param sizes     of the attention; input, width and output are equal
     * @param flow      how flows are computed
     * @param hidden    F
     * @param exactGelu whether the GELU is the exact one rather than its tanh approximation
     * @param epsilon   of the norms
     */
    public FlowBlock(FlowAttention.Sizes sizes, FlowConfig flow, long hidden, boolean exactGelu, double epsilon) {
        super("FlowBlock");
        attentionNorm = register_module("ln_1", new Norm.Layer(sizes.width(), epsilon));
        attention = register_module("attn", new FlowAttention(sizes, flow));
        mlpNorm = register_module("ln_2", new Norm.Layer(sizes.width(), epsilon));
        mlp = register_module("mlp", new GptMlp(sizes.width(), hidden, true, exactGelu, sizes.layers()));
    }

    /** (B, N, D) to (B, N, D). */
    public Tensor forward(Tensor x, MixerContext context) {
        return mlp(x.add(attention.forward(attentionNorm.forward(x), context)));
    }

    /** An empty state for decoding {@code batch} sequences. */
    public MixerState state(long batch) {
        return attention.state(batch);
    }

    /** Tokens (B, N, D) that continue {@code state}, without a gradient graph. */
    public Tensor prefill(Tensor x, MixerState state) {
        return mlp(x.add(attention.prefill(attentionNorm.forward(x), state))).detach();
    }

    private Tensor mlp(Tensor x) {
        return x.add(mlp.forward(mlpNorm.forward(x)));
    }
}
