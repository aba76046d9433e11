package io.heed.sequence.zoology;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.nn.DiagonalTaps;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * The filter of H3's diagonal SSM with S / 2 conjugate pairs of complex states a head:
 *
 * <pre>
 *   A = -exp(inv_A_real) + i A_imag,   dt = exp(log_dt)
 *   K_l = 2 Re sum_n c_n a_n^l,   a = (1 + dt A / 2) / (1 - dt A / 2),   c = C B dt / (1 - dt A / 2)      bilinear
 *                                 a = exp(dt A),                         c = C B (exp(dt A) - 1) / A        zoh
 * </pre>
 *
 * <p>Parameters {@code kernel.C (1, H, S/2, 2)}, {@code kernel.B (H, S/2, 2)} (real and imaginary parts),
 * {@code kernel.log_dt (H)}, {@code kernel.inv_A_real (H, S/2)}, {@code kernel.A_imag (H, S/2)}.
 */
final class DiagonalKernel extends Module {
    /** How continuous time becomes steps. */
    enum Discretisation { BILINEAR, ZOH }

    /** What maps the stored real part to a negative one. */
    enum RealType { EXP, RELU, SIGMOID, SOFTPLUS, NONE }

    private static final double SHORTEST_STEP = 1e-3;
    private static final double LONGEST_STEP = 0.1;
    /** What ReLU's real part is moved by, so that it stays negative. */
    private static final double MARGIN = 1e-4;

    private final Discretisation discretisation;
    private final RealType realType;
    private final Kernel kernel;

    /** The diagonal recurrence s_l = a s_(l-1) + u_l, y_l = 2 Re sum_n c_n s_l,n: complex a and c, (H, S/2). */
    record Recurrence(Tensor a, Tensor c) { }

    private static final class Kernel extends Module {
        private final Tensor c;
        private final Tensor logStep;
        private final Tensor b;
        private final Tensor real;
        private final Tensor imaginary;

        private Kernel(long heads, long pairs) {
            super("Kernel");
            c = Registration.parameter(this, "C", torch.randn(1, heads, pairs, 2).mul_(new Scalar(Math.sqrt(0.5))));
            logStep = Registration.parameter(this, "log_dt",
                    torch.empty(heads).uniform_(Math.log(SHORTEST_STEP), Math.log(LONGEST_STEP), null));
            Tensor one = torch.zeros(heads, pairs, 2);
            one.select(2, 0).fill_(new Scalar(1));
            b = Registration.parameter(this, "B", one);
            real = Registration.parameter(this, "inv_A_real",
                    torch.zeros(heads, pairs).fill_(new Scalar(Math.log(0.5)))); // S4D-Lin: A = -1/2 + i pi n
            imaginary = Registration.parameter(this, "A_imag",
                    torch.arange(new Scalar(pairs), Ops.options(ScalarType.Float)).mul(new Scalar(Math.PI))
                    .repeat(heads, 1));
        }
    }

    DiagonalKernel(long heads, long states, Discretisation discretisation, RealType realType) {
        super("DiagonalKernel");
        this.discretisation = discretisation;
        this.realType = realType;
        kernel = register_module("kernel", new Kernel(heads, states / 2));
    }

    /** As a recurrence, in the parameters' precision. */
    Recurrence recurrence() {
        return recurrence(Ops.type(kernel.c));
    }

    /** The first {@code length} taps, (N, H), computed in float64. */
    Tensor taps(long length) {
        Recurrence recurrence = recurrence(ScalarType.Double);
        return DiagonalTaps.of(recurrence.a, recurrence.c, length).t().to(Ops.type(kernel.c));
    }

    private Recurrence recurrence(ScalarType type) {
        Tensor continuous = torch.view_as_complex(Ops.stack(2, real().to(type), kernel.imaginary.to(type))); // A
        Tensor step = kernel.logStep.to(type).exp().unsqueeze(1);
        Tensor gain = torch.view_as_complex(kernel.c.squeeze(0).to(type)).mul(torch.view_as_complex(kernel.b.to(type)));
        Tensor scaled = continuous.mul(step); // dt A
        if (discretisation == Discretisation.ZOH) {
            Tensor a = scaled.exp();
            return new Recurrence(a, gain.mul(Ops.shift(a, -1)).div(continuous));
        }
        Tensor denominator = Ops.shift(Ops.scale(scaled, -0.5), 1);
        return new Recurrence(Ops.shift(Ops.scale(scaled, 0.5), 1).div(denominator), gain.mul(step).div(denominator));
    }

    /** The negative real part of A. */
    private Tensor real() {
        return switch (realType) {
            case EXP -> kernel.real.exp().neg();
            case RELU -> Ops.shift(kernel.real.relu().neg(), -MARGIN);
            case SIGMOID -> kernel.real.sigmoid().neg();
            case SOFTPLUS -> torch.softplus(kernel.real).neg();
            case NONE -> kernel.real.neg();
        };
    }
}
