package io.heed.sequence.gaussian;

import java.util.function.UnaryOperator;

import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The experiments' classifier of a frozen encoder's layers: {@code daam} over (B, layers, F), the features as a square
 * image with a channel for each layer, two 3 x 3 convolutions, a linear map. Anything that keeps the shape may stand in
 * the gates' place.
 *
 * <p>Parameters {@code daam.*}, {@code conv1.*}, {@code conv2.*}, {@code fc.*}.
 */
public final class GaussianClassifier extends Module {
    private final UnaryOperator<Tensor> attention;
    private final long side;
    private final Conv2dImpl conv1;
    private final Conv2dImpl conv2;
    private final LinearImpl fc;

    /**
     * @param layers    layers of the encoder
     * @param features  F, a square number
     * @param channels  between the convolutions; 512 in the experiments
     * @param classes   outputs
     * @param module    whatever stands before the convolutions, registered as {@code daam}
     * @param attention how it is called: (B, layers, F) to the same
     */
    public GaussianClassifier(int layers, int features, int channels, int classes, Module module,
                              UnaryOperator<Tensor> attention) {
        super("GaussianClassifier");
        side = Math.round(Math.sqrt(features));
        if (side * side != features) {
            throw new IllegalArgumentException("features are seen as a square image: " + features
                    + " is no square number");
        }
        this.attention = attention;
        register_module("daam", module);
        conv1 = register_module("conv1", convolution(layers, channels));
        conv2 = register_module("conv2", convolution(channels, layers));
        fc = register_module("fc", new LinearImpl((long) layers * features, classes));
        try (NoGradGuard _ = new NoGradGuard()) {
            torch.xavier_uniform_(conv1.weight());
            torch.xavier_uniform_(conv2.weight());
            torch.xavier_uniform_(fc.weight());
        }
    }

    /** With the experiments' gates: 8 heads (v1) or 1 (v2), 512 channels. */
    public static GaussianClassifier ofGates(int layers, int features, int heads, int classes) {
        LayerGates gates = new LayerGates(layers, features, heads);
        return new GaussianClassifier(layers, features, 512, classes, gates, gates::forward);
    }

    /** (B, layers, F) to logits (B, classes). */
    public Tensor forward(Tensor x) {
        Tensor image = attention.apply(x).unflatten(-1, side, side);
        return fc.forward(torch.relu(conv2.forward(torch.relu(conv1.forward(image)))).flatten(1, -1));
    }

    private static Conv2dImpl convolution(long in, long out) {
        Conv2dOptions options = new Conv2dOptions(in, out, new LongPointer(3, 3));
        options.padding().put(new LongPointer(1, 1));
        return new Conv2dImpl(options);
    }
}
