package io.heed.sequence.sigmoid;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.catalog.Table;
import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.FusedAttention;
import io.heed.sequence.Timings;

/**
 * Seconds of our fused kernels on one sequence with 8 heads of 64.
 *
 * @param length  N
 * @param full    softmax forward, sigmoid forward, softmax with backward, sigmoid with backward; all keys visible
 * @param causal  the same, causal
 */
record KernelSpeed(int length, double[] full, double[] causal) {
    private static final int HEADS = 8;
    private static final int WIDTH = 64;

    static KernelSpeed measure(int length, int rounds) {
        return new KernelSpeed(length, seconds(length, rounds, Mask.full()), seconds(length, rounds, Mask.causal()));
    }

    private static double[] seconds(int length, int rounds, Mask mask) {
        try (PointerScope _ = new PointerScope()) {
            Tensor q = input(length);
            Tensor k = input(length);
            Tensor v = input(length);
            AttentionSpec softmax = AttentionSpec.softmax().withMask(mask);
            AttentionSpec sigmoid = AttentionSpec.sigmoid().withMask(mask).withLogitBias((float) -Math.log(length));
            return Timings.medians(rounds, forward(q, k, v, softmax), forward(q, k, v, sigmoid), both(q, k, v, softmax),
                    both(q, k, v, sigmoid));
        }
    }

    private static Tensor input(int length) {
        return torch.randn(1, HEADS, length, WIDTH).requires_grad_(true);
    }

    private static Runnable forward(Tensor q, Tensor k, Tensor v, AttentionSpec spec) {
        return () -> {
            try (NoGradGuard _ = new NoGradGuard()) {
                FusedAttention.apply(q, k, v, spec);
            }
        };
    }

    private static Runnable both(Tensor q, Tensor k, Tensor v, AttentionSpec spec) {
        return () -> FusedAttention.apply(q, k, v, spec).sum().backward();
    }

    /** The smaller of the two forward gains, softmax's seconds over sigmoid's. */
    double leastGain() {
        return Math.min(full[0] / full[1], causal[0] / causal[1]);
    }

    static Table table(List<KernelSpeed> speeds) {
        List<List<Object>> rows = new ArrayList<>();
        for (KernelSpeed speed : speeds) {
            rows.add(row(speed.length, "full", speed.full, 1.1739));
            rows.add(row(speed.length, "causal", speed.causal, 1.1876));
        }
        return new Table("Fused kernels, 1 x 8 x N x 64, milliseconds", List.of("N", "mask", "softmax", "sigmoid",
                "gain",
                "paper's gain (H100)", "softmax, with backward", "sigmoid, with backward", "gain with backward"), rows);
    }

    private static List<Object> row(int length, String mask, double[] seconds, double paper) {
        return List.of(length, mask, 1e3 * seconds[0], 1e3 * seconds[1], seconds[0] / seconds[1], paper,
                1e3 * seconds[2],
                1e3 * seconds[3], seconds[2] / seconds[3]);
    }
}
