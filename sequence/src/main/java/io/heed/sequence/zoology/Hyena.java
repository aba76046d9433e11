package io.heed.sequence.zoology;

import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Initialisation;
import io.heed.nn.LongConvolution;
import io.heed.nn.Padding;
import io.heed.nn.ShortConvolution;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/**
 * Hyena of order 2: a gate, a long convolution with an implicit filter, a gate; see the package for the equations. Its
 * state is as many inputs as the filter has taps.
 *
 * <p>Parameters {@code in_proj.* (3D, D)}, {@code short_filter.weight (3D, 1, K)}, {@code short_filter.bias (3D)},
 * {@code filter_fn.*} of {@link HyenaFilter}, {@code out_proj.* (D, D)}.
 */
public final class Hyena extends SequenceMixer {
    private final long width;
    private final LinearImpl in;
    private final ShortConvolution shortFilter;
    private final HyenaFilter filter;
    private final LinearImpl out;

    /** Builds it with fresh weights; the filter has as many taps as the training length. */
    public Hyena(MixerConfig config) {
        this(new HyenaFilter.Config(config.width(), (int) config.length(), MixerOptions.of(config).integer("order", 64),
                3, 2, 1,
                0.3, 1.5, 0.01, 0, MixerOptions.of(config).flag("learn-positions", false)), 3, config.layers());
    }

    Hyena(HyenaFilter.Config config, int shortTaps, int layers) {
        super("Hyena");
        width = config.width();
        in = register_module("in_proj", Initialisation.linear(width, 3 * width, true));
        shortFilter = register_module("short_filter", new ShortConvolution(3 * width, shortTaps, true));
        filter = register_module("filter_fn", new HyenaFilter(config));
        out = register_module("out_proj", Initialisation.residual(width, width, true, layers));
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
        Optional<Tensor> padded = context.padding().map(Padding::mask).map(mask -> mask.unsqueeze(-1));
        Tensor u = hide(in.forward(x), padded);
        Tensor[] parts = split(shortFilter.forward(u, context.form()));
        Tensor v = hide(parts[2].mul(parts[0]), padded);
        return output(LongConvolution.apply(v, filter.taps()), v, parts[1]);
    }

    @Override
    public MixerState state(long batch) {
        try (NoGradGuard _ = new NoGradGuard()) {
            return new LongHistory(batch, filter.taps(), () -> List.of(shortFilter.history(batch)));
        }
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            LongHistory held = (LongHistory) state;
            ShortConvolution.Extension next = shortFilter.extend(in.forward(x), held.other(0));
            held.setOther(0, next.history());
            Tensor[] parts = split(next.out());
            Tensor v = parts[2].mul(parts[0]);
            return output(held.extend(v), v, parts[1]);
        }
    }

    /** ((conv(v, h) + bias v) * x2) W. */
    private Tensor output(Tensor convolved, Tensor v, Tensor gate) {
        return out.forward(convolved.add(v.mul(filter.bias())).mul(gate));
    }

    /** x1, x2 and v. */
    private Tensor[] split(Tensor u) {
        return new Tensor[] {u.narrow(-1, 0, width), u.narrow(-1, width, width), u.narrow(-1, 2 * width, width)};
    }

    private static Tensor hide(Tensor x, Optional<Tensor> padded) {
        return padded.map(mask -> Ops.fill(x, mask, 0)).orElse(x);
    }
}
