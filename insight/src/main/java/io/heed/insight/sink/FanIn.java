package io.heed.insight.sink;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** The paper's fresh weights: normal with variance 2 / (5 in), biases 0. */
final class FanIn {
    private FanIn() { }

    static LinearImpl linear(long in, long out, boolean bias) {
        LinearOptions options = new LinearOptions(in, out);
        options.bias().put(bias);
        LinearImpl linear = new LinearImpl(options);
        normal(linear.weight(), deviation(in));
        if (bias) {
            try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                linear.bias().zero_();
            }
        }
        return linear;
    }

    /** sqrt(2 / (5 in)). */
    static double deviation(long in) {
        return Math.sqrt(2.0 / 5 / in);
    }

    static void normal(Tensor weight, double deviation) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            weight.normal_(0, deviation, null);
        }
    }
}
