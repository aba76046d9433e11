package io.heed.vision;

import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.NoGradGuard;

import io.heed.nn.Initialisation;

/** Convolutions with fresh weights: normal with variance 1 / fan-in, cut at two deviations, biases 0. */
public final class Convolutions {
    private Convolutions() { }

    /** A square convolution with a bias: (B, in, H, W) to (B, out, H', W'). */
    public static Conv2dImpl of(long in, long out, long kernel, long stride, long padding) {
        return of(in, out, kernel, stride, padding, true);
    }

    /** A square convolution: (B, in, H, W) to (B, out, H', W'). */
    public static Conv2dImpl of(long in, long out, long kernel, long stride, long padding, boolean bias) {
        Conv2dOptions options;
        try (LongPointer size = new LongPointer(kernel, kernel); LongPointer step = new LongPointer(stride, stride);
                LongPointer edge = new LongPointer(padding, padding)) {
            options = new Conv2dOptions(in, out, size);
            options.stride().put(step);
            options.padding().put(edge);
            options.bias().put(bias);
        }
        Conv2dImpl convolution = new Conv2dImpl(options);
        try (NoGradGuard _ = new NoGradGuard()) {
            Initialisation.truncatedNormal(convolution.weight(), 1 / Math.sqrt((double) in * kernel * kernel));
            if (bias) {
                convolution.bias().zero_();
            }
        }
        return convolution;
    }
}
