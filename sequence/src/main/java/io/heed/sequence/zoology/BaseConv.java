package io.heed.sequence.zoology;

import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/**
 * The paper's minimal gated convolution, y = conv(x) * (W x + b) + x; see the package.
 *
 * <p>Parameters {@code projection.weight (D, D)}, {@code projection.bias (D)}, {@code conv.*} of
 * {@link BaseConvolution}.
 */
public final class BaseConv extends SequenceMixer {
    /** A filter as long as the sequence, as the paper writes it. */
    private static final int LONG = -1;
    /** Taps of the layers by turns. */
    private static final int[] ALTERNATING = {3, LONG};

    /**
     * @param width      D
     * @param length     L, taps of a long filter
     * @param kernel     taps, or -1 for a long filter
     * @param embedding  E, width of a long filter's position embedding
     * @param hidden     hidden width of a long filter's network
     * @param activation whether both factors pass SiLU
     */
    record Config(long width, int length, int kernel, int embedding, int hidden, boolean activation) { }

    private final boolean activation;
    private final LinearImpl projection;
    private final BaseConvolution conv;

    /**
     * Builds it with fresh weights: three taps in even layers, a long filter in odd ones, unless the options say
     * otherwise.
     */
    public BaseConv(MixerConfig config) {
        this(config(config));
    }

    BaseConv(Config config) {
        super("BaseConv");
        if (config.kernel == 0 || config.kernel < LONG) {
            throw new IllegalArgumentException("kernel " + config.kernel + ": must be -1 (long) or at least 1");
        }
        activation = config.activation;
        projection = register_module("projection", Initialisation.linear(config.width, config.width, true));
        conv = register_module("conv", config.kernel == LONG
                ? new BaseConvolution.Implicit(config.width, config.length, config.embedding, config.hidden)
                : new BaseConvolution.Short(config.width, config.kernel));
    }

    private static Config config(MixerConfig config) {
        MixerOptions options = MixerOptions.of(config);
        String kernel = options.text("kernel", "alternate");
        return new Config(config.width(), (int) config.length(),
                kernel.equals("alternate") ? ALTERNATING[config.layer() % ALTERNATING.length]
                        : kernel.equals("long") ? LONG : options.integer("kernel", LONG),
                3, options.integer("hidden", 16), options.flag("activation", false));
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
        Tensor real = context.padding().map(Padding::mask).map(mask -> Ops.fill(x, mask.unsqueeze(-1), 0)).orElse(x);
        return gated(conv.forward(real, context.form()), real);
    }

    @Override
    public MixerState state(long batch) {
        try (NoGradGuard _ = new NoGradGuard()) {
            return conv.state(batch);
        }
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            return gated(conv.extend(x, state), x);
        }
    }

    private Tensor gated(Tensor convolved, Tensor x) {
        Tensor projected = projection.forward(x);
        return activation ? torch.silu(convolved).mul(torch.silu(projected)).add(x) : convolved.mul(projected).add(x);
    }
}
