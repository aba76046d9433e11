package io.heed.sequence.zoology;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.LongConvolution;
import io.heed.nn.Registration;

/**
 * The filter of H3's shift SSM, whose state is the last S inputs: ks_l = sum_n B_n C_(n+l) for l < S, else 0.
 *
 * <p>Parameters {@code kernel.B (D, S)} and {@code kernel.C (1, D, S)}.
 */
final class ShiftKernel extends Module {
    private final Kernel kernel;

    private static final class Kernel extends Module {
        private final Tensor b;
        private final Tensor c;

        private Kernel(long width, long states) {
            super("Kernel");
            Tensor first = torch.zeros(width, states);
            first.select(1, 0).fill_(new Scalar(1));
            b = Registration.parameter(this, "B", first);
            double bound = 1 / Math.sqrt(states);
            c = Registration.parameter(this, "C", torch.empty(1, width, states).uniform_(-bound, bound, null));
        }
    }

    ShiftKernel(long width, long states) {
        super("ShiftKernel");
        kernel = register_module("kernel", new Kernel(width, states));
    }

    /** (S, D). */
    Tensor taps() {
        // the correlation of C with B is the convolution of B with C backwards, backwards
        Tensor backwards = kernel.c.squeeze(0).t().flip(0);
        return LongConvolution.apply(kernel.b.t().unsqueeze(0), backwards).squeeze(0).flip(0);
    }
}
