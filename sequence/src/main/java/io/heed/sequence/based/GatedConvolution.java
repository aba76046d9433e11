package io.heed.sequence.based;

import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.ShortConvolution;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * BASED's gated short convolution, BaseConv in the paper's code: [a, b] = x W + c, y = (silu(conv(a)) * b) W' + c'.
 * Its state is the last inputs of the convolution.
 *
 * <p>Parameters {@code in_proj.weight (e D, D)}, {@code conv.conv.weight (e D / 2, 1, K)}, {@code out_proj.weight (D,
 * e D / 2)}, {@code in_proj.bias} and {@code out_proj.bias}, {@code conv.conv.bias} if asked.
 */
public final class GatedConvolution extends SequenceMixer {
    /**
     * What it is built from.
     *
     * @param width    D
     * @param inner    e D / 2, channels of the convolution
     * @param taps     K, tokens that the convolution sees
     * @param bias     whether the linear maps have biases
     * @param convBias whether the convolution has one
     * @param layers   layers of the model, for the initial scale of the last projection
     */
    public record Config(long width, long inner, int taps, boolean bias, boolean convBias, int layers) {
        /** @throws IllegalArgumentException when a size is not positive */
        public Config {
            if (width < 1 || inner < 1 || taps < 1) {
                throw new IllegalArgumentException("a gated convolution of width " + width + ", " + inner
                        + " channels and "
                        + taps + " taps: all must be positive");
            }
        }

        /** Expansion 4, three taps, biases in the linear maps only: the paper's. */
        public static Config of(long width, int layers) {
            return new Config(width, 2 * width, 3, true, false, layers);
        }
    }

    /** Gives the convolution's parameters the name that the official weights have. */
    private static final class Named extends Module {
        final ShortConvolution conv;

        Named(Config config) {
            super("conv");
            conv = register_module("conv", new ShortConvolution(config.inner(), config.taps(), config.convBias()));
        }
    }

    private final LinearImpl inProjection;
    private final ShortConvolution conv;
    private final LinearImpl outProjection;

    public GatedConvolution(Config config) {
        super("GatedConvolution");
        inProjection = register_module("in_proj", Initialisation.linear(config.width(), 2 * config.inner(),
                config.bias()));
        conv = register_module("conv", new Named(config)).conv;
        outProjection = register_module("out_proj",
                Initialisation.residual(config.inner(), config.width(), config.bias(), config.layers()));
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
        BasedMixers.requireOwnSequence(context);
        Tensor[] halves = halves(x);
        // a padded token must look like none at all to the convolution
        Tensor a = context.padding().map(padding -> Ops.fill(halves[0], padding.mask().unsqueeze(-1),
                0)).orElse(halves[0]);
        return output(conv.forward(a, context.form()), halves[1]);
    }

    /** a and b, (B, N, e D / 2), views. */
    private Tensor[] halves(Tensor x) {
        Tensor both = inProjection.forward(x);
        long inner = both.size(-1) / 2;
        return new Tensor[] {both.narrow(-1, 0, inner), both.narrow(-1, inner, inner)};
    }

    private Tensor output(Tensor convolved, Tensor gate) {
        return outProjection.forward(torch.silu(convolved).mul(gate));
    }

    @Override
    public MixerState state(long batch) {
        return new TensorState(batch, () -> List.of(conv.history(batch)));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        TensorState held = (TensorState) state;
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor[] halves = halves(x);
            ShortConvolution.Extension extension = conv.extend(halves[0], held.get(0));
            held.set(0, extension.history());
            held.advance(x.size(1));
            return output(extension.out(), halves[1]);
        }
    }
}
