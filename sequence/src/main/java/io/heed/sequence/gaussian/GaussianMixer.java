package io.heed.sequence.gaussian;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * Gaussian attention along the sequence, between two linear maps: (v * w) W_o, v = x W_v. Tokens know of each other
 * through means and variances alone, so as a language model's only mixer it is weak. Causal, a token's statistics are
 * those of the tokens up to it, and weights are divided by the sum of the densities so far: one pass, and a state of
 * two or three numbers a channel.
 *
 * <p>Parameters {@code value.weight}, {@code proj.weight (D, D)}; with the experiments' formula {@code c} and
 * {@code mean_offset (1, D)}; with the library's {@code attention_heads.{h}.mean_offsets} and {@code .c (G)}, the heads
 * being groups of channels.
 */
public final class GaussianMixer extends SequenceMixer {
    /** The experiments' unnormalised gate, or the library's normalised density. */
    enum Formula { GATE, DENSITY }

    private final MixerConfig config;
    private final LinearImpl value;
    private final LinearImpl proj;
    private final Tensor gateWidth;
    private final Tensor gateOffset;
    private final GaussianHeads heads;

    /** Builds it with fresh weights. */
    public GaussianMixer(MixerConfig config) {
        super("GaussianMixer");
        if (config.keyValueHeads() != config.heads()) {
            throw new IllegalArgumentException("gaussian-attention has no grouped heads: key/value heads must be "
                    + config.heads() + ", got " + config.keyValueHeads());
        }
        this.config = config;
        MixerOptions options = MixerOptions.of(config);
        long width = config.width();
        value = register_module("value", Initialisation.linear(width, width, false));
        proj = register_module("proj", Initialisation.residual(width, width, false, config.layers()));
        boolean gate = options.choice("formula", Formula.class, Formula.GATE) == Formula.GATE;
        int gaussians = options.integer("gaussians", 5);
        gateWidth = !gate ? null
                : Registration.parameter(this, "c", torch.full(new long[] {1, width}, new Scalar(LayerGates.WIDTH)));
        gateOffset = !gate ? null : Registration.parameter(this, "mean_offset", torch.zeros(1, width));
        heads = gate ? null : new GaussianHeads(1, config.heads(), gaussians, null);
        if (heads != null) {
            register_module("gaussians", (Module) heads);
        }
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(config.causal() ? Pattern.CAUSAL_SELF : Pattern.NONCAUSAL_SELF);
    }

    /** Means and variances do not tell in which order the tokens came. */
    @Override
    public boolean carriesOrder() {
        return false;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException("gaussian-attention weighs its own sequence, not a memory");
        }
        Tensor v = value.forward(x);
        Tensor real = context.padding().map(padding -> padding.mask().logical_not().unsqueeze(-1).to(Ops.type(x)))
                .orElseGet(() -> torch.ones(new long[] {x.size(0), x.size(1), 1}, x.options()));
        Tensor seen = v.mul(real);
        Sums sums = new Sums(total(real), total(seen), total(seen.mul(v)));
        if (heads == null) {
            return proj.forward(v.mul(gate(v, sums)));
        }
        Tensor density = density(v, sums).mul(real);
        return proj.forward(v.mul(weights(density, total(density))));
    }

    /** The sum over the sequence, or causal, up to each token. */
    private Tensor total(Tensor x) {
        return config.causal() ? x.cumsum(1)
                : x.sum(new long[] {1}, true, new ScalarTypeOptional());
    }

    /** What means and variances come from: tokens counted, the sum of v and of v^2, each (B, N or 1, D or 1). */
    private record Sums(Tensor count, Tensor sum, Tensor squares) {
        Tensor mean() {
            return sum.div(count.clamp_min(new Scalar(1)));
        }
    }

    private Tensor gate(Tensor v, Sums sums) {
        Tensor mean = sums.mean();
        Tensor variance = sums.squares.div(sums.count.clamp_min(new Scalar(1))).sub(mean.square()).abs();
        return LayerGate.of(v.sub(mean), Ops.shift(variance, LayerGate.FLOOR), gateOffset, gateWidth,
                LayerGates.EPSILON);
    }

    private Tensor density(Tensor v, Sums sums) {
        Tensor mean = sums.mean();
        // unbiased; a token that is alone has no deviation, and its variance counts as 1
        Tensor variance = Ops.shift(sums.squares.sub(sums.sum.mul(mean)).clamp_min(new Scalar(0))
                .div(sums.count.sub(new Scalar(1)).clamp_min(new Scalar(1))), GaussianHeads.EPSILON)
                .add(sums.count.le(new Scalar(1)));
        Tensor deviation = v.sub(mean);
        long share = config.headWidth();
        Tensor[] products = new Tensor[config.heads()];
        for (int h = 0; h < products.length; h++) {
            products[h] = heads.densities(h).product(deviation.narrow(-1, h * share, share),
                    variance.narrow(-1, h * share, share));
        }
        return Ops.cat(-1, products);
    }

    private static Tensor weights(Tensor density, Tensor total) {
        return density.div(total.clamp_min(new Scalar(GaussianHeads.EPSILON)));
    }

    @Override
    public MixerState state(long batch) {
        if (!config.causal()) {
            throw new UnsupportedOperationException("gaussian-attention that is not causal cannot decode step by step");
        }
        int sums = heads == null ? 2 : 3;
        return new TensorState(batch, () -> {
            List<Tensor> zeros = new ArrayList<>();
            for (int i = 0; i < sums; i++) {
                zeros.add(torch.zeros(new long[] {batch, config.width()}, value.weight().options()));
            }
            return zeros;
        });
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        TensorState held = (TensorState) state;
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor v = value.forward(x);
            long first = held.position() + 1;
            Tensor count = torch.arange(new Scalar(first), new Scalar(first + x.size(1)), v.options()).view(1, -1, 1);
            Sums sums = new Sums(count, carried(held, 0, v), carried(held, 1, v.square()));
            held.advance(x.size(1));
            if (heads == null) {
                return proj.forward(v.mul(gate(v, sums)));
            }
            Tensor density = density(v, sums);
            return proj.forward(v.mul(weights(density, carried(held, 2, density))));
        }
    }

    /** Running sums of (B, N, D) that continue the one held, which moves on to the last. */
    private static Tensor carried(TensorState held, int index, Tensor x) {
        Tensor sums = x.cumsum(1).add(held.get(index).unsqueeze(1));
        held.set(index, sums.select(1, -1));
        return sums;
    }
}
