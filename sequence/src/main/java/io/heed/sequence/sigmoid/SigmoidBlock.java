package io.heed.sequence.sigmoid;

import java.util.function.UnaryOperator;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.LayerScale;
import io.heed.nn.Norm;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;

/**
 * A pre-norm block: x + LS1(Attn(LN1 x)), then x + LS2(MLP(LN2 x)).
 *
 * <p>Parameters {@code norm1.*}, {@code attn.*}, {@code ls1.gamma} or {@code ls1.weight/bias}, {@code norm2.*},
 * {@code mlp.fc1.weight (F, D)}, {@code mlp.fc2.weight (D, F)}, {@code mlp.fc2.bias} if asked, {@code ls2.*}.
 */
public final class SigmoidBlock extends Module {
    /**
     * What happens inside, by the composed form.
     *
     * @param attention the attention's
     * @param mlp       the perceptron's output, before LS2
     * @param output    the block's
     */
    public record Trace(SigmoidTrace attention, Tensor mlp, Tensor output) { }

    private final SigmoidAttention attention;
    private final Norm norm1;
    private final Norm norm2;
    private final UnaryOperator<Tensor> scale1;
    private final UnaryOperator<Tensor> scale2;
    private final Perceptron mlp;

    /** Fresh weights. */
    public SigmoidBlock(SigmoidBlockConfig config) {
        super("SigmoidBlock");
        norm1 = register_module("norm1", norm(config));
        attention = register_module("attn", new SigmoidAttention(config.attention()));
        scale1 = branch("ls1", config);
        norm2 = register_module("norm2", norm(config));
        mlp = register_module("mlp", new Perceptron(config));
        scale2 = branch("ls2", config);
    }

    private UnaryOperator<Tensor> branch(String name, SigmoidBlockConfig config) {
        return switch (config.branch()) {
            case IDENTITY -> UnaryOperator.identity();
            case LAYER_SCALE -> register_module(name,
                    new LayerScale(config.attention().width(), config.branchGain()))::forward;
            case NORM -> register_module(name, norm(config))::forward;
        };
    }

    static Norm norm(SigmoidBlockConfig config) {
        return switch (config.norm().kind()) {
            case LAYER -> new Norm.Layer(config.attention().width(), config.norm().epsilon());
            case RMS -> new Norm.Rms(config.attention().width(), config.norm().epsilon());
        };
    }

    SigmoidAttention attention() {
        return attention;
    }

    /** (B, N, D) to (B, N, D). */
    public Tensor forward(Tensor x, MixerContext context) {
        return perceive(x.add(scale1.apply(attention.forward(norm1.forward(x), context))));
    }

    /** The next tokens (B, N, D), which continue a state of the attention. */
    Tensor prefill(Tensor x, MixerState state) {
        return perceive(x.add(scale1.apply(attention.prefill(norm1.forward(x), state))));
    }

    private Tensor perceive(Tensor x) {
        return x.add(scale2.apply(mlp.forward(norm2.forward(x))));
    }

    /** The same step by step, by the composed form. */
    public Trace trace(Tensor x, MixerContext context) {
        SigmoidTrace inside = attention.trace(norm1.forward(x), context);
        Tensor h = x.add(scale1.apply(inside.projected()));
        Tensor perceived = mlp.forward(norm2.forward(h));
        return new Trace(inside, perceived, h.add(scale2.apply(perceived)));
    }

    /** fc2(gelu(fc1 x)); the first map never has a bias. */
    private static final class Perceptron extends Module {
        private final LinearImpl fc1;
        private final LinearImpl fc2;

        Perceptron(SigmoidBlockConfig config) {
            super("Perceptron");
            long width = config.attention().width();
            fc1 = register_module("fc1", Initialisation.linear(width, config.hidden(), false));
            fc2 = register_module("fc2", Initialisation.linear(config.hidden(), width, config.attention()
                    .linearBias()));
        }

        Tensor forward(Tensor x) {
            return fc2.forward(torch.gelu(fc1.forward(x)));
        }
    }
}
