package io.heed.sequence.based;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/** The second-order Taylor feature map of exp(q . k / sqrt(f)), with all f^2 products or with each product once. */
public final class TaylorMap {
    private TaylorMap() { }

    /** 1 + f + f (f + 1) / 2: features where each product stands once. */
    public static long compactWidth(long f) {
        return 1 + f + f * (f + 1) / 2;
    }

    /** [1, x / f^(1/4), vec(x x^T) / sqrt(2 f)], row by row: (..., f) to (..., 1 + f + f^2). */
    public static Tensor full(Tensor x) {
        double f = x.size(-1);
        Tensor products = x.unsqueeze(-1).mul(x.unsqueeze(-2)).flatten(-2, -1);
        return Ops.cat(-1, torch.ones_like(x.narrow(-1, 0, 1)), Ops.scale(x, Math.pow(f, -0.25)),
                Ops.scale(products, 1 / Math.sqrt(2 * f)));
    }

    /** The products x_a x_b, a <= b, once each, which gives the same inner products: (..., f) to (..., P). */
    public static Tensor compact(Tensor x) {
        long f = x.size(-1);
        Tensor full = full(x);
        Tensor products = full.narrow(-1, 1 + f, f * f).index_select(-1, upper(f, x)).mul(factors(f, x));
        return Ops.cat(-1, full.narrow(-1, 0, 1 + f), products);
    }

    /** Sums of compact features (..., P, n) as sums of full ones (..., 1 + f + f^2, n). */
    public static Tensor expand(Tensor sums, long f) {
        Tensor products = sums.narrow(-2, 1 + f, f * (f + 1) / 2).div(factors(f, sums).unsqueeze(-1));
        int width = Math.toIntExact(f);
        long[] numbers = new long[width * width];
        for (int a = 0, p = 0; a < width; a++) {
            for (int b = a; b < width; b++, p++) {
                numbers[a * width + b] = p;
                numbers[b * width + a] = p;
            }
        }
        Tensor index = Ops.of(numbers).to(sums.device(), torch.ScalarType.Long);
        return Ops.cat(-2, sums.narrow(-2, 0, 1 + f), products.index_select(-2, index));
    }

    /** sqrt(2) for a pair of two channels, which stands for two products; 1 for a square. */
    private static Tensor factors(long f, Tensor like) {
        double[] factors = new double[Math.toIntExact(f * (f + 1) / 2)];
        for (int a = 0, p = 0; a < f; a++) {
            for (int b = a; b < f; b++) {
                factors[p++] = a == b ? 1 : Math.sqrt(2);
            }
        }
        return Ops.of(factors).to(like.device(), Ops.type(like));
    }

    /** Where x_a x_b, a <= b, stands among all f^2 products. */
    private static Tensor upper(long f, Tensor like) {
        long[] at = new long[Math.toIntExact(f * (f + 1) / 2)];
        int p = 0;
        for (long a = 0; a < f; a++) {
            for (long b = a; b < f; b++) {
                at[p++] = a * f + b;
            }
        }
        return Ops.of(at).to(like.device(), torch.ScalarType.Long);
    }
}
