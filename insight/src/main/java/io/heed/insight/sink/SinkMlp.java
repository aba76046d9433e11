package io.heed.insight.sink;

import java.util.function.UnaryOperator;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Registration;

/**
 * The MLPs of the paper's experiments. Parameters {@code swiglu.w1}, {@code swiglu.w2}, {@code swiglu.w3};
 * {@code fc_1}, {@code fc_2}, {@code proj} of the other gated ones; {@code fc}, {@code proj} of the plain ones.
 */
final class SinkMlp extends Module {
    private final UnaryOperator<Tensor> activation;
    private final LinearImpl up;
    private final LinearImpl gated;
    private final LinearImpl down;

    SinkMlp(SinkConfig config) {
        super("MLP");
        long width = config.width();
        long hidden = config.hidden();
        activation = switch (config.mlp()) {
            case RELU, REGLU -> torch::relu;
            case GELU, GEGLU -> torch::gelu;
            case SWISH, SWIGLU -> torch::silu;
        };
        switch (config.mlp()) {
            case RELU, GELU, SWISH -> {
                up = register_module("fc", FanIn.linear(width, hidden, config.linearBias()));
                gated = null;
                down = register_module("proj", FanIn.linear(hidden, width, config.linearBias()));
            }
            case REGLU, GEGLU -> {
                up = register_module("fc_1", FanIn.linear(width, hidden, config.linearBias()));
                gated = register_module("fc_2", FanIn.linear(width, hidden, config.linearBias()));
                down = register_module("proj", FanIn.linear(hidden, width, config.linearBias()));
            }
            case SWIGLU -> {
                Module swiglu = register_module("swiglu", Registration.group());
                up = swiglu.register_module("w1", FanIn.linear(width, hidden, false));
                gated = swiglu.register_module("w2", FanIn.linear(width, hidden, false));
                down = swiglu.register_module("w3", FanIn.linear(hidden, width, false));
                FanIn.normal(down.weight(), 1 / Math.sqrt(hidden) / config.layers());
            }
            default -> throw new AssertionError(config.mlp());
        }
    }

    /** f(up x) or f(up x) * (gated x), then down: (B, T, D) to (B, T, D). */
    Tensor forward(Tensor x) {
        Tensor h = activation.apply(up.forward(x));
        return down.forward(gated == null ? h : h.mul(gated.forward(x)));
    }
}
