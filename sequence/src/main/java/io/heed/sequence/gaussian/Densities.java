package io.heed.sequence.gaussian;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/**
 * The product over g of the densities exp(-y_g^2 / (2 c_g^2)) / sqrt(2 pi c_g^2), y_g = (x - mu - o_g) / sqrt(var). The
 * exponents add up to one quadratic in e = x - mu, sum_g (e - o_g)^2 / c_g^2 = a e^2 - 2 b e + c, whose coefficients
 * are a few numbers: so it costs the same for any number of Gaussians.
 */
final class Densities {
    private final Tensor offsets;
    private final Tensor widths;

    /**
     * @param offsets o, (G)
     * @param widths  c, (G)
     */
    Densities(Tensor offsets, Tensor widths) {
        this.offsets = offsets;
        this.widths = widths;
    }

    /**
     * The product of the densities.
     *
     * @param deviation x - mu, any shape
     * @param variance  var, broadcasts to it
     */
    Tensor product(Tensor deviation, Tensor variance) {
        Tensor precision = widths.square().reciprocal();
        Tensor a = precision.sum();
        Tensor b = precision.mul(offsets).sum();
        Tensor c = precision.mul(offsets.square()).sum();
        Tensor squares = deviation.mul(deviation.mul(a).sub(Ops.scale(b, 2))).add(c);
        Tensor height = Ops.scale(widths.square(), 2 * Math.PI).rsqrt().prod();
        return squares.mul(Ops.scale(variance, -2).reciprocal()).exp().mul(height);
    }

    /** p / max(sum p, eps) along {@code axis}. */
    static Tensor normalised(Tensor product, long axis, double epsilon) {
        return product.div(product.sum(new long[] {axis}, true, new ScalarTypeOptional())
                .clamp_min(new Scalar(epsilon)));
    }

    /** exp of a standard normal for each Gaussian: the library's initial widths. */
    static Tensor initialWidths(long gaussians) {
        return torch.randn(gaussians).exp();
    }
}
