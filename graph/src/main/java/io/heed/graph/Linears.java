package io.heed.graph;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Linear maps and fresh weights that libtorch's constructors do not offer. */
public final class Linears {
    private Linears() { }

    /** A linear map without bias. */
    public static LinearImpl withoutBias(long in, long out) {
        LinearOptions options = new LinearOptions(in, out);
        options.bias().put(false);
        return new LinearImpl(options);
    }

    /** A linear map, with a bias if asked. */
    public static LinearImpl of(long in, long out, boolean bias) {
        return bias ? new LinearImpl(in, out) : withoutBias(in, out);
    }

    /** Uniform in [-bound, bound). */
    static Tensor uniform(double bound, long... shape) {
        Tensor tensor = torch.empty(shape);
        try (NoGradGuard _ = new NoGradGuard()) {
            tensor.uniform_(-bound, bound, null);
        }
        return tensor;
    }
}
