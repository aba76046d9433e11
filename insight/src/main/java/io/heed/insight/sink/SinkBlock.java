package io.heed.insight.sink;

import java.util.function.BiFunction;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Norm;

/**
 * Attention and MLP around the residual stream. Parameters {@code norm_1.*}, {@code attn.*}, {@code norm_2.*},
 * {@code mlp.*}.
 */
final class SinkBlock extends Module {
    private final SinkConfig.Placement placement;
    private final Norm norm1;
    private final SinkAttention attention;
    private final Norm norm2;
    private final SinkMlp mlp;

    SinkBlock(SinkConfig config) {
        super("Block");
        placement = config.placement();
        norm1 = register_module("norm_1", norm(config));
        attention = register_module("attn", new SinkAttention(config));
        norm2 = placement == SinkConfig.Placement.PARALLEL_SHARED ? null : register_module("norm_2", norm(config));
        mlp = register_module("mlp", new SinkMlp(config));
    }

    /**
     * (B, T, D) to (B, T, D).
     *
     * @param attend runs the attention on its input
     */
    Tensor forward(Tensor x, BiFunction<SinkAttention, Tensor, Tensor> attend) {
        return switch (placement) {
            case PRE -> {
                Tensor h = x.add(attend.apply(attention, norm1.forward(x)));
                yield h.add(mlp.forward(norm2.forward(h)));
            }
            case PARALLEL -> x.add(attend.apply(attention, norm1.forward(x))).add(mlp.forward(norm2.forward(x)));
            case PARALLEL_SHARED -> {
                Tensor normed = norm1.forward(x);
                yield x.add(attend.apply(attention, normed)).add(mlp.forward(normed));
            }
            case POST -> {
                Tensor h = norm1.forward(x.add(attend.apply(attention, x)));
                yield norm2.forward(h.add(mlp.forward(h)));
            }
        };
    }

    static Norm norm(SinkConfig config) {
        return switch (config.norm()) {
            case RMS -> new Norm.Rms(config.width(), config.epsilon());
            case LAYER -> new Norm.Layer(config.width(), config.epsilon());
        };
    }
}
