package io.heed.nn;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.tensor.Ops;

/**
 * The filter of a diagonal state space, s_l = a s_(l-1) + u_l, y_l = 2 Re sum_n c_n s_l,n, of which one of each pair of
 * conjugate states is kept:
 *
 * <pre>
 *   K_l = 2 Re sum_n c_n a_n^l
 * </pre>
 */
public final class DiagonalTaps {
    private DiagonalTaps() { }

    /**
     * The first {@code length} taps. Give a and c in complex double: angles of many turns keep their digits there.
     * Powers are computed in two levels, a^(i R + j) = a^(i R) a^j, which is one matrix product with about sqrt(N) rows
     * and columns.
     *
     * @param a (H, n) complex
     * @param c (..., H, n) complex
     * @return (..., H, length), real, in the precision of a
     */
    public static Tensor of(Tensor a, Tensor c, long length) {
        long block = Math.max(1, (long) Math.ceil(Math.sqrt(length)));
        long blocks = (length + block - 1) / block;
        Tensor log = a.log().unsqueeze(1); // (H, 1, n)
        Tensor starts = powers(log, blocks, block).mul(c.unsqueeze(-2)); // (..., H, N / R, n)
        Tensor offsets = powers(log, block, 1); // (H, R, n)
        Tensor left = Ops.cat(-1, torch.real(starts), torch.imag(starts).neg());
        Tensor right = Ops.cat(-1, torch.real(offsets), torch.imag(offsets));
        return Ops.scale(left.matmul(right.transpose(1, 2)), 2).flatten(-2, -1).narrow(-1, 0, length);
    }

    /** exp(i step log), i < count: (H, count, n). */
    private static Tensor powers(Tensor log, long count, long step) {
        Tensor exponents = torch.arange(new Scalar(0), new Scalar(count * step), new Scalar(step),
                Ops.options(ScalarType.Double)).view(1, count, 1);
        return log.mul(exponents).exp();
    }
}
