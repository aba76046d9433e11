package io.heed.nn;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Fresh weights, the same rule for everything that is compared: normal with standard deviation {@value #DEVIATION}, cut
 * at two deviations, biases 0; a projection that ends a residual branch starts smaller by sqrt(2 L), as in GPT-2. All
 * draws come from libtorch's default generator.
 */
public final class Initialisation {
    /** Standard deviation of weights and embeddings before the cut. */
    public static final double DEVIATION = 0.02;

    private static final double CUT = 2;

    private Initialisation() { }

    /** A linear map with fresh weights (out, in) and, if asked, a bias of 0. */
    public static LinearImpl linear(long in, long out, boolean bias) {
        return linear(in, out, bias, DEVIATION);
    }

    /** A linear map that ends a residual branch of a model with {@code layers} layers of two branches each. */
    public static LinearImpl residual(long in, long out, boolean bias, int layers) {
        return linear(in, out, bias, DEVIATION / Math.sqrt(2.0 * layers));
    }

    /**
     * Scales the fresh matrices (out, in) of {@code module} from the deviation {@value #DEVIATION} up to 1 / sqrt(in),
     * the residual ones by the same factor: for narrow models on inputs that are not embeddings, where activations of
     * fixed small deviation would leave every MLP linear for long.
     */
    public static void fanIn(Module module) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            TensorVector parameters = module.parameters();
            for (long i = 0; i < parameters.size(); i++) {
                Tensor parameter = parameters.get(i);
                if (parameter.dim() == 2) {
                    parameter.mul_(new Scalar(1 / (DEVIATION * Math.sqrt(parameter.size(1)))));
                }
            }
        }
    }

    /** Fills {@code tensor} in place with a normal of {@code deviation}, cut at two deviations; returns it. */
    public static Tensor truncatedNormal(Tensor tensor, double deviation) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            // the inverse of the normal's distribution function on a uniform draw from the part that is kept
            double bound = 0.9544997361036416; // erf(CUT / sqrt 2)
            tensor.uniform_(-bound, bound, null).erfinv_().mul_(new Scalar(deviation * Math.sqrt(2)))
                    .clamp_(scalar(-CUT * deviation), scalar(CUT * deviation));
        }
        return tensor;
    }

    private static LinearImpl linear(long in, long out, boolean bias, double deviation) {
        LinearOptions options = new LinearOptions(in, out);
        options.bias().put(bias);
        LinearImpl linear = new LinearImpl(options);
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            truncatedNormal(linear.weight(), deviation);
            if (bias) {
                linear.bias().zero_();
            }
        }
        return linear;
    }

    private static org.bytedeco.pytorch.ScalarOptional scalar(double value) {
        return new org.bytedeco.pytorch.ScalarOptional(new Scalar(value));
    }
}
