package io.heed.sequence.cca;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.sequence.Timings;

/** Cost of one attention over the length: core context aware attention, and full attention by the kernel. */
final class CcaSpeed {
    static final int[] LENGTHS = {512, 1024, 2048, 4096, 8192};
    static final CoreConfig CONFIG = new CoreConfig(16, 256, CoreConfig.Pool.CCA);
    private static final int HEADS = 2;
    private static final int WIDTH = 64;

    /**
     * At one length, {@value #HEADS} heads of {@value #WIDTH}.
     *
     * @param cca        seconds forward
     * @param full       seconds forward
     * @param ccaFlops   multiplications and additions of logits and outputs
     * @param fullFlops  the same of causal attention
     * @param cacheShare numbers in the state of core context aware attention over those of a key/value cache
     */
    record Row(int length, double cca, double full, double ccaFlops, double fullFlops, double cacheShare) {
        double ahead() {
            return full / cca;
        }
    }

    private CcaSpeed() { }

    static List<Row> measure(int rounds) {
        List<Row> rows = new ArrayList<>();
        for (int length : LENGTHS) {
            try (PointerScope _ = new PointerScope()) {
                Tensor q = torch.randn(1, HEADS, length, WIDTH);
                Tensor k = torch.randn(1, HEADS, length, WIDTH);
                Tensor v = torch.randn(1, HEADS, length, WIDTH);
                AttentionSpec causal = AttentionSpec.softmax().withMask(Mask.causal());
                double[] seconds = Timings.medians(rounds, forward(() -> CoreAttention.outputs(q, k, v, CONFIG, null,
                        Form.FUSED)),
                        forward(() -> FusedAttention.apply(q, k, v, causal)));
                rows.add(new Row(length, seconds[0], seconds[1], flops(length),
                        2.0 * HEADS * WIDTH * length * (length + 1.0),
                        cacheShare(length)));
            }
        }
        return rows;
    }

    private static Runnable forward(Supplier<Tensor> arm) {
        return () -> {
            try (NoGradGuard _ = new NoGradGuard()) {
                arm.get();
            }
        };
    }

    private static double flops(int length) {
        double seen = 0;
        for (int t = 0; t < length; t++) {
            int cores = CONFIG.cores(t + 1);
            seen += cores + (t + 1 - cores * CONFIG.group());
        }
        return 4.0 * HEADS * WIDTH * seen + 6.0 * HEADS * WIDTH * CONFIG.cores(length) * CONFIG.group();
    }

    /** Cores' and near tokens' keys and values, and the near tokens' queries. */
    private static double cacheShare(int length) {
        int cores = CONFIG.cores(length);
        int near = length - cores * CONFIG.group();
        return (2.0 * cores + 3.0 * near) / (2.0 * length);
    }
}
