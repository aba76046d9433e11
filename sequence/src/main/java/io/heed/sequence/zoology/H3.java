package io.heed.sequence.zoology;

import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.LongConvolution;
import io.heed.nn.Padding;
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
 * H3: a shift SSM on the keys, outer products with the values, a diagonal SSM on those, read by the queries; see the
 * package for the equations. In parallel both are convolutions; one token at a time the shift SSM keeps its last S
 * inputs and the diagonal one p^2 S / 2 complex numbers a head.
 *
 * <p>Parameters {@code q_proj|k_proj|v_proj|output_linear.* (D, D)} with biases, {@code ssm_k_kernel.*} of
 * {@link ShiftKernel}, {@code ssm_k_D (D)}, {@code kernel.*} of {@link DiagonalKernel}, {@code D (H)}.
 */
public final class H3 extends SequenceMixer {
    /**
     * @param width          D
     * @param states         S, of both state spaces
     * @param headWidth      p, which divides D
     * @param discretisation of the diagonal SSM
     * @param realType       of the diagonal SSM
     * @param layers         of the whole model
     */
    record Config(long width, int states, int headWidth, DiagonalKernel.Discretisation discretisation,
                  DiagonalKernel.RealType realType, int layers) { }

    private final long width;
    private final long states;
    private final long headWidth;
    private final LinearImpl query;
    private final LinearImpl key;
    private final LinearImpl value;
    private final ShiftKernel shift;
    private final Tensor shiftSkip;
    private final DiagonalKernel kernel;
    private final Tensor skip;
    private final LinearImpl output;

    /** Builds it with fresh weights. */
    public H3(MixerConfig config) {
        this(new Config(config.width(), MixerOptions.of(config).integer("states", 64),
                MixerOptions.of(config).integer("head-width", 2), DiagonalKernel.Discretisation.BILINEAR,
                DiagonalKernel.RealType.EXP, config.layers()));
    }

    H3(Config config) {
        super("H3");
        if (config.headWidth < 1 || config.width % config.headWidth != 0) {
            throw new IllegalArgumentException("width " + config.width + " is not a multiple of H3's head width "
                    + config.headWidth);
        }
        if (config.states < 2 || config.states % 2 != 0) {
            throw new IllegalArgumentException("H3 has an even number of states of at least 2, got " + config.states);
        }
        width = config.width;
        states = config.states;
        headWidth = config.headWidth;
        query = register_module("q_proj", Initialisation.linear(width, width, true));
        key = register_module("k_proj", Initialisation.linear(width, width, true));
        value = register_module("v_proj", Initialisation.linear(width, width, true));
        shift = register_module("ssm_k_kernel", new ShiftKernel(width, states));
        shiftSkip = Registration.parameter(this, "ssm_k_D", torch.randn(width));
        kernel = register_module("kernel", new DiagonalKernel(width / headWidth, states, config.discretisation,
                config.realType));
        skip = Registration.parameter(this, "D", torch.randn(width / headWidth));
        output = register_module("output_linear", Initialisation.residual(width, width, true, config.layers));
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
        Tensor k = hide(key.forward(x), padded);
        Tensor v = hide(value.forward(x), padded);
        Tensor shifted = LongConvolution.apply(k, shift.taps()).add(k.mul(shiftSkip));
        Tensor kv = products(shifted, v);
        Tensor taps = kernel.taps(x.size(1)).unsqueeze(-1).unsqueeze(-1); // (N, H, 1, 1)
        return read(query.forward(x), LongConvolution.apply(kv, taps).add(skipped(kv)));
    }

    @Override
    public MixerState state(long batch) {
        long heads = width / headWidth;
        return new TensorState(batch, () -> List.of(
                torch.zeros(new long[] {batch, states - 1, width}, skip.detach().options()),
                torch.zeros(new long[] {batch, heads, headWidth, headWidth, states / 2, 2}, skip.detach().options())));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            TensorState held = (TensorState) state;
            Tensor k = key.forward(x);
            Tensor seen = Ops.cat(1, held.get(0), k.unsqueeze(1)); // the last S keys, the current one at the end
            Tensor shifted = seen.mul(shift.taps().flip(0)).sum(new long[] {1}).add(k.mul(shiftSkip));
            Tensor kv = products(shifted.unsqueeze(1), value.forward(x).unsqueeze(1)); // (B, 1, H, p, p)
            DiagonalKernel.Recurrence recurrence = kernel.recurrence();
            Tensor now = torch.view_as_complex(held.get(1)).mul(perHead(recurrence.a()))
                    .add(kv.squeeze(1).unsqueeze(-1));
            Tensor y = Ops.scale(torch.real(now.mul(perHead(recurrence.c()))).sum(new long[] {-1}), 2);
            held.set(0, seen.narrow(1, 1, states - 1).clone());
            held.set(1, torch.view_as_real(now));
            held.advance(1);
            return read(query.forward(x).unsqueeze(1), y.unsqueeze(1).add(skipped(kv))).squeeze(1);
        }
    }

    /** Outer products of the keys and values of each head: (B, N, D) to (B, N, H, p, p). */
    private Tensor products(Tensor k, Tensor v) {
        return heads(k).unsqueeze(-1).mul(heads(v).unsqueeze(-2));
    }

    private Tensor skipped(Tensor kv) {
        return kv.mul(skip.view(-1, 1, 1));
    }

    /** out_(e H + h) = sum_d q_hd y_hde, then the output projection: the channels of one head lie H apart. */
    private Tensor read(Tensor q, Tensor y) {
        Tensor heads = heads(q).unsqueeze(-2).matmul(y).squeeze(-2); // (B, N, H, p)
        return output.forward(heads.transpose(2, 3).flatten(2, 3));
    }

    private Tensor heads(Tensor x) {
        return x.unflatten(-1, width / headWidth, headWidth);
    }

    /** (H, S/2) to (H, 1, 1, S/2). */
    private static Tensor perHead(Tensor x) {
        return x.unsqueeze(1).unsqueeze(1);
    }

    private static Tensor hide(Tensor x, Optional<Tensor> padded) {
        return padded.map(mask -> Ops.fill(x, mask, 0)).orElse(x);
    }
}
