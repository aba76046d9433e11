package io.heed.sequence.lightning;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.LinearAttention;
import io.heed.kernels.LinearAttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.CausalLinearAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.sequence.DecayRates;
import io.heed.sequence.Timings;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/** Four ways to attend causally, timed over sequences of one length, {@value #TOKENS} tokens in all, 4 heads of 64. */
final class SpeedArms {
    /** Tokens of a batch, whatever the length. */
    static final int TOKENS = 16_384;
    /** Lengths measured. */
    static final int[] LENGTHS = {256, 512, 1024, 2048, 4096, 8192, 16_384};

    private static final int HEADS = 4;
    private static final int WIDTH = 64;
    /** Tokens whose running sums are in memory at once. */
    private static final int SEGMENT = 256;
    /** Queries whose dense product is in memory at once. */
    private static final int ROWS = 512;
    private static final int BLOCK = 64;

    /**
     * Tokens/s at one length.
     *
     * @param blocked     the kernel, forward
     * @param blockedBoth the kernel, forward and backward
     * @param runningSum  sums of outer products over all prefixes, forward
     * @param dense       ((Q K^T) * M) V, forward
     * @param softmax     fused softmax attention, forward
     * @param softmaxBoth fused softmax attention, forward and backward
     */
    record Row(int length, double blocked, double blockedBoth, double runningSum, double dense, double softmax,
               double softmaxBoth) { }

    private SpeedArms() { }

    static Row measure(int length, int rounds) {
        try (PointerScope _ = new PointerScope()) {
            Tensor q = input(length);
            Tensor k = input(length);
            Tensor v = input(length);
            double[] rates = DecayRates.of(HEADS, 0, 12);
            AttentionSpec softmax = AttentionSpec.softmax().withMask(Mask.causal());
            Supplier<Tensor> blocked = () -> CausalLinearAttention.outputs(q, k, v, rates, Form.FUSED);
            Supplier<Tensor> exact = () -> FusedAttention.apply(q, k, v, softmax);
            double[] fast = Timings.medians(rounds, forward(blocked), both(blocked));
            double[] slow = Timings.medians(Math.max(1, rounds / 3), forward(() -> runningSums(q, k, v)),
                    forward(() -> dense(q, k, v)), forward(exact), both(exact));
            return new Row(length, TOKENS / fast[0], TOKENS / fast[1], TOKENS / slow[0], TOKENS / slow[1],
                    TOKENS / slow[2],
                    TOKENS / slow[3]);
        }
    }

    /** Forward speed of the kernel at 4096 tokens by the size of its blocks. */
    static Map<Integer, Double> blockSizes(int rounds) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Tensor x = input(4096).detach();
            Tensor out = torch.empty(x.sizes());
            float[] decays = new float[HEADS];
            double[] rates = DecayRates.of(HEADS, 0, 12);
            for (int h = 0; h < HEADS; h++) {
                decays[h] = (float) rates[h];
            }
            List<Integer> blocks = List.of(16, 32, 64, 128, 256);
            try (View in = View.read(x); View to = View.write(out)) {
                Runnable[] runs = blocks.stream().<Runnable>map(block -> () -> LinearAttention.forward(
                        new LinearAttention.Input(in.rows(), in.rows(), in.rows(), null),
                        new LinearAttention.Output(to.rows(), null),
                        LinearAttentionSpec.ofCausal(decays).withChunk(block))).toArray(Runnable[]::new);
                double[] seconds = Timings.medians(rounds, runs);
                Map<Integer, Double> speeds = new LinkedHashMap<>();
                for (int i = 0; i < seconds.length; i++) {
                    speeds.put(blocks.get(i), TOKENS / seconds[i]);
                }
                return speeds;
            }
        }
    }

    private static Tensor input(int length) {
        return Ops.scale(torch.randn(TOKENS / length, HEADS, length, WIDTH), 0.25).requires_grad_(true);
    }

    private static Runnable forward(Supplier<Tensor> arm) {
        return () -> {
            try (NoGradGuard _ = new NoGradGuard()) {
                arm.get();
            }
        };
    }

    private static Runnable both(Supplier<Tensor> arm) {
        return () -> arm.get().sum().backward();
    }

    /** Causal linear attention as written: the sum of k_j v_j^T over every prefix, some tokens at a time. */
    static Tensor runningSums(Tensor q, Tensor k, Tensor v) {
        Tensor out = torch.empty(q.sizes());
        Tensor state = torch.empty(HEADS, 1, WIDTH, WIDTH);
        for (long b = 0; b < q.size(0); b++) {
            state.zero_();
            for (long from = 0; from < q.size(2); from += SEGMENT) {
                try (PointerScope _ = new PointerScope()) {
                    // (H, n, d, e)
                    Tensor products = part(k, b, from).unsqueeze(-1).mul(part(v, b, from).unsqueeze(-2));
                    Tensor sums = products.cumsum_(1).add_(state);
                    part(out, b, from).copy_(part(q, b, from).unsqueeze(-2).matmul(sums).squeeze(-2));
                    state.copy_(sums.narrow(1, sums.size(1) - 1, 1));
                }
            }
        }
        return out;
    }

    private static Tensor part(Tensor x, long b, long from) {
        return x.select(0, b).narrow(1, from, Math.min(SEGMENT, x.size(2) - from));
    }

    /** ((Q K^T) * M) V, some queries at a time. */
    static Tensor dense(Tensor q, Tensor k, Tensor v) {
        Tensor out = torch.empty(q.sizes());
        long length = q.size(2);
        for (long b = 0; b < q.size(0); b++) {
            for (long from = 0; from < length; from += ROWS) {
                try (PointerScope _ = new PointerScope()) {
                    long rows = Math.min(ROWS, length - from);
                    Tensor products = q.select(0, b).narrow(1, from, rows).matmul(k.select(0, b).transpose(1, 2))
                            .tril_(from);
                    out.select(0, b).narrow(1, from, rows).copy_(products.matmul(v.select(0, b)));
                }
            }
        }
        return out;
    }

    /** Bytes of the state and one block's product. */
    static long blockedScratch() {
        return Float.BYTES * ((long) WIDTH * WIDTH + (long) BLOCK * BLOCK);
    }

    /** Bytes of a state for every prefix. */
    static long runningSumScratch(int length) {
        return Float.BYTES * (long) length * WIDTH * WIDTH;
    }

    /** Bytes of the masked product. */
    static long denseScratch(int length) {
        return Float.BYTES * (long) length * length;
    }
}
