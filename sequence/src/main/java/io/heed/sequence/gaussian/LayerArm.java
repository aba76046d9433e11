package io.heed.sequence.gaussian;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Registration;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.softmax.SoftmaxAttention;

/** What a study's classifier of a frozen encoder does with its layers before the convolutions. */
enum LayerArm {
    GATES_1("Gaussian gates, 1 head"), GATES_3("Gaussian gates, 3 heads"),
    DENSITY("Gaussian attention of the library, 2 heads"), ATTENTION("self-attention over layers"),
    SCALARS("a learned number a layer"), MEAN("mean of the layers"), LAST("last layer");

    final String title;

    LayerArm(String title) {
        this.title = title;
    }

    /** A classifier with this arm, and the arm's parameters. */
    record Built(GaussianClassifier classifier, long attentionParameters, LayerGates gates) { }

    Built build(int layers, int features, int channels, int classes) {
        return switch (this) {
            case GATES_1, GATES_3 -> {
                LayerGates gates = new LayerGates(layers, features, this == GATES_1 ? 1 : 3);
                yield built(layers, features, channels, classes, gates, gates::forward, gates);
            }
            case DENSITY -> {
                GaussianBlock block = new GaussianBlock(List.of(new GaussianBlock.Layer(1, 2, 4)), null);
                yield built(layers, features, channels, classes, block, block::forward, null);
            }
            case ATTENTION -> {
                SequenceMixer mixer = new SoftmaxAttention(MixerConfig.of(features, 4).withCausal(false)
                        .withOptions(Map.of("positions", "none")));
                yield built(layers, features, channels, classes, mixer, x -> x.add(mixer.forward(x)), null);
            }
            case SCALARS -> {
                Module owner = Registration.group();
                Tensor scalars = Registration.parameter(owner, "weight", torch.ones(1, layers, 1));
                yield built(layers, features, channels, classes, owner, x -> x.mul(scalars), null);
            }
            case MEAN -> built(layers, features, channels, classes, Registration.group(),
                    x -> x.mean(new long[] {1}, true, new ScalarTypeOptional()).expand_as(x), null);
            case LAST -> built(layers, features, channels, classes, Registration.group(),
                    x -> x.narrow(1, layers - 1, 1).expand_as(x), null);
        };
    }

    private static Built built(int layers, int features, int channels, int classes, Module module,
                               UnaryOperator<Tensor> attention, LayerGates gates) {
        long parameters = GaussianStudy.parameters(module);
        return new Built(new GaussianClassifier(layers, features, channels, classes, module, attention), parameters,
                gates);
    }
}
