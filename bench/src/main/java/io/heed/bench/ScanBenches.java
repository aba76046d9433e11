package io.heed.bench;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.PrefixScan;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/**
 * Aaren's many-to-many outputs against the paper's log-depth scan composed in libtorch, and against themselves in
 * length.
 */
final class ScanBenches {
    private static final int HEADS = 8;
    private static final int WIDTH = 64;
    private static final int LENGTH = 16384;
    private static final int SHORT = 2048;

    private ScanBenches() { }

    static List<BenchCase> all() {
        String shape = "1x" + HEADS + "x" + LENGTH + "x" + WIDTH;
        return List.of(
                new SideBySide("prefix-scan", shape, "log-depth scan in libtorch", () -> {
                    Inputs in = new Inputs(1, LENGTH);
                    Tensor expected = Tensors.zeros(1, HEADS, LENGTH, WIDTH);
                    return new SideBySide.Sides(in::scan, () -> hillisSteele(in.scores, in.values, expected),
                            () -> Tensors.difference(in.out, expected), 1e-4);
                }),
                // the same number of tokens in eight short sequences: a ratio of 1 is linear in N
                new SideBySide("prefix-scan-linear", shape, "heed, the same tokens at N = " + SHORT, () -> {
                    Inputs in = new Inputs(1, LENGTH);
                    Inputs parts = new Inputs(LENGTH / SHORT, SHORT);
                    return new SideBySide.Sides(in::scan, parts::scan, () -> 0.0, 0);
                }));
    }

    /** log2 N rounds; round r merges position t with t - 2^r (the paper's algorithm). */
    private static void hillisSteele(Tensor scores, Tensor values, Tensor result) {
        try (PointerScope _ = new PointerScope()) {
            Tensor m = scores;                          // (B, H, N, 1)
            Tensor u = torch.ones_like(scores);
            Tensor w = values;                          // (B, H, N, d)
            long n = scores.size(2);
            for (long shift = 1; shift < n; shift *= 2) {
                Tensor left = m.narrow(2, 0, n - shift);
                Tensor right = m.narrow(2, shift, n - shift);
                Tensor max = torch.maximum(left, right);
                Tensor keep = right.sub(max).exp_();
                Tensor take = left.sub(max).exp_();
                Tensor newU = u.narrow(2, shift, n - shift).mul(keep).add_(u.narrow(2, 0, n - shift).mul(take));
                Tensor newW = w.narrow(2, shift, n - shift).mul(keep).add_(w.narrow(2, 0, n - shift).mul(take));
                m = Ops.cat(2, m.narrow(2, 0, shift), max);
                u = Ops.cat(2, u.narrow(2, 0, shift), newU);
                w = Ops.cat(2, w.narrow(2, 0, shift), newW);
            }
            result.set_data(w.div(u));
        }
    }

    private static final class Inputs {
        final Tensor scores;
        final Tensor values;
        final Tensor out;
        final PrefixScan.Input input;
        final PrefixScan.Output output;

        Inputs(long batch, long length) {
            scores = Tensors.normal(batch, HEADS, length, 1);
            values = Tensors.normal(batch, HEADS, length, WIDTH);
            out = Tensors.zeros(batch, HEADS, length, WIDTH);
            input = new PrefixScan.Input(View.read(scores).rows(), View.read(values).rows(), null);
            output = new PrefixScan.Output(View.write(out).rows(), null, null);
        }

        void scan() {
            PrefixScan.forward(input, output);
        }
    }
}
