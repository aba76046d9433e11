package io.heed.sequence.dsf;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The features of softmax attention, x = q / e^(1/4): all tensor powers x^(r) / sqrt(r!), whose products sum up to
 * exp(q . k / sqrt(e)). Infinitely many; here up to an order p, n = 1 + e + e^2 + .. + e^p.
 */
final class TensorPowers {
    private TensorPowers() { }

    /** (L, e) to (L, n). */
    static Tensor of(Tensor x, int order) {
        Tensor scaled = x.div(new Scalar(Math.pow(x.size(1), 0.25)));
        TensorVector powers = new TensorVector();
        Tensor power = torch.ones(new long[] {x.size(0), 1}, x.options());
        powers.push_back(power);
        for (int r = 1; r <= order; r++) {
            // a factor of 1 / sqrt(r) at every order makes 1 / sqrt(r!)
            power = power.unsqueeze(2).mul(scaled.unsqueeze(1)).flatten(1, 2).div(new Scalar(Math.sqrt(r)));
            powers.push_back(power);
        }
        return torch.cat(powers, 1);
    }

    /** n. */
    static long count(long width, int order) {
        long count = 1;
        long power = 1;
        for (int r = 1; r <= order; r++) {
            power = Math.multiplyExact(power, width);
            count = Math.addExact(count, power);
        }
        return count;
    }

    /** The highest order whose features are no more than {@code most}, at least 1. */
    static int orderWithin(long width, long most) {
        int order = 1;
        while (order < 20 && count(width, order + 1) <= most) {
            order++;
        }
        return order;
    }
}
