package io.heed.sequence.gaussian;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.softmax.SoftmaxAttention;

/**
 * Some attention over the times of a series, its mean and largest values over time, and a perceptron: logits (B,
 * classes).
 */
final class SeriesClassifier extends Module {
    /** What stands before the perceptron. */
    enum Arm {
        DENSITY("Gaussian attention, library's form"), GATE("Gaussian attention, experiments' form"),
        ATTENTION("self-attention over times"), EXCITATION("squeeze and excitation"), NONE("nothing");

        final String title;

        Arm(String title) {
            this.title = title;
        }
    }

    private final UnaryOperator<Tensor> attention;
    private final LinearImpl hidden;
    private final LinearImpl out;
    private final long before;

    SeriesClassifier(Arm arm) {
        super("SeriesClassifier");
        attention = switch (arm) {
            case DENSITY -> density();
            case GATE -> gate();
            case ATTENTION -> attention();
            case EXCITATION -> excitation();
            case NONE -> x -> x;
        };
        before = count();
        hidden = register_module("hidden", new LinearImpl(2L * DriftingSeries.CHANNELS, 64));
        out = register_module("out", new LinearImpl(64, DriftingSeries.CLASSES));
    }

    /** Parameters before the perceptron. */
    long attentionParameters() {
        return before;
    }

    Tensor forward(Tensor x) {
        Tensor y = attention.apply(x);
        Tensor mean = y.mean(new long[] {1}, false, new ScalarTypeOptional());
        Tensor pooled = torch.cat(new TensorVector(mean, y.amax(new long[] {1}, false)), 1);
        return out.forward(torch.relu(hidden.forward(pooled)));
    }

    private UnaryOperator<Tensor> density() {
        GaussianBlock block = register_module("attention",
                new GaussianBlock(List.of(new GaussianBlock.Layer(1, 1, 2)), null));
        return block::forward;
    }

    private UnaryOperator<Tensor> gate() {
        LayerGates gates = register_module("attention",
                new LayerGates(DriftingSeries.LENGTH, DriftingSeries.CHANNELS, 1));
        return gates::forward;
    }

    private UnaryOperator<Tensor> attention() {
        SequenceMixer mixer = register_module("attention",
                new SoftmaxAttention(MixerConfig.of(DriftingSeries.CHANNELS, 4)
                .withCausal(false).withOptions(Map.of("positions", "none"))));
        return x -> x.add(mixer.forward(x));
    }

    private UnaryOperator<Tensor> excitation() {
        LinearImpl squeeze = register_module("squeeze", new LinearImpl(DriftingSeries.CHANNELS, 8));
        LinearImpl excite = register_module("excite", new LinearImpl(8, DriftingSeries.CHANNELS));
        return x -> x.mul(excite.forward(torch.relu(squeeze.forward(
                x.mean(new long[] {1}, true, new ScalarTypeOptional())))).sigmoid());
    }

    private long count() {
        return GaussianStudy.parameters(this);
    }
}
