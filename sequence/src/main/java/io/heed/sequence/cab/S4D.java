package io.heed.sequence.cab;

import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.nn.DiagonalTaps;
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
 * S4D (Gu et al., arXiv 2206.11893): every channel passes through diagonal state spaces of its own, one for each head,
 * which differ in what they read out; both ways where not causal.
 *
 * <pre>
 *   s_t = exp(dt A) s_(t-1) + u_t,   A = -exp(log_w_real) + i w_imag,   dt = exp(log_dt)
 *   y_t = 2 Re sum_n C_n (exp(dt A_n) - 1) / A_n s_t,n + D u_t          out = W gelu(y)
 * </pre>
 *
 * In parallel that is a convolution with taps K; where not causal later tokens come in by taps K' of their own, the
 * next token with the first. One token at a time it keeps N / 2 complex numbers a channel.
 *
 * <p>Parameters {@code D (H, width)}, {@code kernel.kernel.C (H or 2 H, width, N/2, 2)}, {@code .log_dt (width)},
 * {@code .log_w_real}, {@code .w_imag (1, N/2)}, {@code output_linear.weight (width, H width)}, {@code .bias}.
 */
final class S4D extends SequenceMixer {
    private static final double SHORTEST_STEP = 1e-3;
    private static final double LONGEST_STEP = 0.1;
    private static final double MARGIN = 1e-4;

    /** The state spaces. */
    private static final class Kernel extends Module {
        private final Tensor c;
        private final Tensor logStep;
        private final Tensor logReal;
        private final Tensor imaginary;

        private Kernel(long readouts, long width, int states) {
            super("SSKernelDiag");
            long pairs = states / 2;
            double[] angles = new double[(int) pairs]; // S4D-Inv
            for (int n = 0; n < pairs; n++) {
                angles[n] = states / Math.PI * (states / (1.0 + 2 * n) - 1);
            }
            Tensor a = Ops.of(angles, 1, pairs).to(ScalarType.Float);
            Tensor b = torch.randn(1, pairs, 2).mul_(new Scalar(Math.sqrt(0.5)));
            // so that a constant input leaves a state of variance 1
            Tensor squares = b.square().sum(new long[] {2}, false, null).div(Ops.shift(a.square(), 0.25));
            b.div_(Ops.scale(squares.sum(), 2).sqrt());
            Tensor fresh = torch.randn(readouts, width, pairs, 2).mul_(new Scalar(Math.sqrt(0.5)));
            c = Registration.parameter(this, "C",
                    torch.view_as_real(torch.view_as_complex(fresh).mul(torch.view_as_complex(b))).contiguous());
            logStep = Registration.parameter(this, "log_dt",
                    torch.empty(width).uniform_(Math.log(SHORTEST_STEP), Math.log(LONGEST_STEP), null));
            logReal = Registration.parameter(this, "log_w_real",
                    torch.zeros(1, pairs).fill_(new Scalar(Math.log(0.5 + MARGIN))));
            imaginary = Registration.parameter(this, "w_imag", a);
        }
    }

    /** The recurrence: decays (width, N/2) and read-outs (R, width, N/2), complex. */
    private record Recurrence(Tensor decay, Tensor readOut) { }

    private final long width;
    private final int heads;
    private final int states;
    private final boolean causal;
    private final Tensor skip;
    private final Module wrapper = Registration.group(); // held: libtorch calls back into modules made here
    private final Kernel kernel;
    private final LinearImpl out;

    /** @param states N, an even number of at least 2 */
    S4D(long width, int heads, int states, boolean causal, int layers) {
        super("s4d");
        if (states < 2 || states % 2 != 0) {
            throw new IllegalArgumentException("S4D has an even number of states of at least 2, got " + states);
        }
        this.width = width;
        this.heads = heads;
        this.states = states;
        this.causal = causal;
        skip = Registration.parameter(this, "D", torch.randn(heads, width));
        kernel = wrapper.register_module("kernel", new Kernel(causal ? heads : 2L * heads, width, states));
        register_module("kernel", wrapper);
        out = register_module("output_linear", Initialisation.residual(heads * width, width, true, layers));
    }

    static S4D of(MixerConfig config) {
        return new S4D(config.width(), MixerOptions.of(config).integer("channels", 1),
                MixerOptions.of(config).integer("states", 16), config.causal(), config.layers());
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(causal ? Pattern.CAUSAL_SELF : Pattern.NONCAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return true;
    }

    private Recurrence recurrence(ScalarType type) {
        Tensor real = kernel.logReal.to(type).exp().neg();
        Tensor a = torch.view_as_complex(Ops.stack(2, real, kernel.imaginary.to(type))); // (1, N/2)
        Tensor decay = a.mul(kernel.logStep.to(type).exp().unsqueeze(1)).exp(); // (width, N/2)
        return new Recurrence(decay,
                torch.view_as_complex(kernel.c.to(type)).mul(Ops.shift(decay, -1)).div(a));
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Optional<Tensor> padded = context.padding().map(Padding::mask).map(mask -> mask.unsqueeze(-1));
        Tensor u = padded.map(mask -> Ops.fill(x, mask, 0)).orElse(x).unsqueeze(2); // (B, N, 1, width)
        Recurrence recurrence = recurrence(ScalarType.Double);
        Tensor taps = DiagonalTaps.of(recurrence.decay, recurrence.readOut, x.size(1)).permute(2, 0, 1)
                .to(Ops.type(x)); // (N, R, width)
        Tensor y = LongConvolution.apply(u, taps.narrow(1, 0, heads));
        if (!causal) {
            // reversed, so that token t + 1 is the newest that t sees
            Tensor later = Ops.cat(1, u.narrow(1, 1, u.size(1) - 1), torch.zeros_like(u.narrow(1, 0, 1))).flip(1);
            y = y.add(LongConvolution.apply(later, taps.narrow(1, heads, heads)).flip(1));
        }
        return output(y.add(u.mul(skip)));
    }

    @Override
    public MixerState state(long batch) {
        if (!causal) {
            throw new UnsupportedOperationException("s4d that looks both ways cannot decode its own sequence step by"
                    + " step");
        }
        return new TensorState(batch, () -> List.of(torch.zeros(new long[] {batch, width, states / 2, 2},
                skip.detach().options())));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            TensorState held = (TensorState) state;
            Recurrence recurrence = recurrence(Ops.type(kernel.c));
            Tensor now = torch.view_as_complex(held.get(0)).mul(recurrence.decay).add(x.unsqueeze(-1));
            held.set(0, torch.view_as_real(now));
            held.advance(1);
            // (B, H, width)
            Tensor y = torch.real(now.unsqueeze(1).mul(recurrence.readOut).sum(new long[] {-1}, false, null));
            return output(Ops.scale(y, 2).add(x.unsqueeze(1).mul(skip)));
        }
    }

    /** Heads (..., H, width) to (..., width). */
    private Tensor output(Tensor y) {
        return out.forward(torch.gelu(y).flatten(-2, -1));
    }
}
