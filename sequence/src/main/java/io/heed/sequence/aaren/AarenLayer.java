package io.heed.sequence.aaren;

import java.util.function.UnaryOperator;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Norm;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;

/**
 * A Transformer encoder layer with {@link Aaren} in place of self-attention; the residual adds the token that the
 * output is aligned with. Parameters {@code self_attn.*}, {@code linear1.*} (F, D), {@code linear2.*} (D, F),
 * {@code norm1.*}, {@code norm2.*}.
 */
public final class AarenLayer extends Module {
    private final AarenStackConfig config;
    private final Aaren attention;
    private final LinearImpl linear1;
    private final LinearImpl linear2;
    private final Norm norm1;
    private final Norm norm2;

    /** One layer of such a stack, with fresh weights. */
    public AarenLayer(AarenStackConfig config) {
        super("AarenLayer");
        this.config = config;
        attention = register_module("self_attn", new Aaren(config.width(), config.heads(), config.keys()));
        linear1 = register_module("linear1", linear(config.width(), config.hidden()));
        linear2 = register_module("linear2", linear(config.hidden(), config.width()));
        norm1 = register_module("norm1", new Norm.Layer(config.width(), config.epsilon()));
        norm2 = register_module("norm2", new Norm.Layer(config.width(), config.epsilon()));
    }

    private static LinearImpl linear(long in, long out) {
        LinearImpl linear = new LinearImpl(in, out);
        try (NoGradGuard _ = new NoGradGuard()) {
            torch.xavier_uniform_(linear.weight());
            linear.bias().zero_();
        }
        return linear;
    }

    Aaren attention() {
        return attention;
    }

    /** (B, N, D) to (B, N, D). */
    Tensor forward(Tensor x, MixerContext context) {
        return layer(x, in -> attention.forward(in, context));
    }

    /** The chunk (B, N, D) that continues {@code state}. */
    Tensor prefill(Tensor x, MixerState state) {
        return layer(x, in -> attention.prefill(in, state));
    }

    private Tensor layer(Tensor x, UnaryOperator<Tensor> mixer) {
        return switch (config.placement()) {
            case POST -> {
                Tensor h = norm1.forward(x.add(mixer.apply(x)));
                yield norm2.forward(h.add(perceptron(h)));
            }
            case PRE -> {
                Tensor h = x.add(mixer.apply(norm1.forward(x)));
                yield h.add(perceptron(norm2.forward(h)));
            }
        };
    }

    private Tensor perceptron(Tensor x) {
        Tensor hidden = linear1.forward(x);
        return linear2.forward(switch (config.activation()) {
            case RELU -> torch.relu(hidden);
            case GELU -> torch.gelu(hidden);
        });
    }
}
