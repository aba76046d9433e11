package io.heed.tensor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class WeightsTest {
    @TempDir
    Path folder;

    private static final class Net extends Module {
        final Tensor shared;

        Net() {
            register_module("proj", new LinearImpl(3, 2));
            register_module("norm", new BatchNorm1dImpl(new BatchNormOptions(2)));
            shared = torch.ones(4);
            register_parameter("freq", shared);
            register_module("a", new Holder(shared));
            register_module("b", new Holder(shared));
        }
    }

    private static final class Holder extends Module {
        Holder(Tensor shared) {
            register_parameter("freq", shared);
        }
    }

    private static Map<String, Tensor> fitting() {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        Tensor freq = torch.randn(4);
        weights.put("proj.weight", torch.randn(2, 3));
        weights.put("proj.bias", torch.randn(2));
        weights.put("norm.weight", torch.randn(2));
        weights.put("norm.bias", torch.randn(2));
        weights.put("norm.running_mean", torch.randn(2));
        weights.put("norm.running_var", torch.randn(2));
        weights.put("freq", freq);
        weights.put("a.freq", freq.clone());
        weights.put("b.freq", freq.clone());
        return weights;
    }

    @Test
    void loadsParametersAndBuffersUnderEveryName() {
        Net net = new Net();
        Map<String, Tensor> weights = fitting();
        Weights.load(net, weights);
        Map<String, Tensor> own = Weights.of(net);
        assertThat(own.keySet()).containsAll(weights.keySet());
        weights.forEach((name, tensor) -> assertThat(own.get(name).equal(tensor)).as(name).isTrue());
        assertThat(own.get("proj.weight").requires_grad()).isTrue();
        assertThat(net.shared.equal(weights.get("freq"))).isTrue();
    }

    @Test
    void aSharedTensorNeedsOneOfItsNamesAndOneValue() {
        Net net = new Net();
        Map<String, Tensor> weights = fitting();
        weights.remove("freq");
        weights.remove("b.freq");
        Weights.load(net, weights);
        assertThat(net.shared.equal(weights.get("a.freq"))).isTrue();
        weights.put("freq", torch.zeros(4));
        assertThatThrownBy(() -> Weights.load(net, weights)).hasMessageContaining("a.freq and freq are one tensor");
        weights.remove("freq");
        weights.remove("a.freq");
        assertThatThrownBy(() -> Weights.load(net, weights)).hasMessageContaining("missing: ")
                .hasMessageContaining("freq (4)");
    }

    @Test
    void allThatDoesNotFitIsInOneMessageAndNothingIsCopied() {
        Net net = new Net();
        Tensor before = Weights.of(net).get("norm.bias").clone();
        Map<String, Tensor> weights = fitting();
        weights.remove("proj.bias");
        weights.put("proj.weight", torch.zeros(3, 2));
        weights.put("head.weight", torch.zeros(1));
        weights.put("norm.weight", torch.zeros(2).to(ScalarType.Long));
        assertThatThrownBy(() -> Weights.load(net, weights)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("missing: proj.bias (2)").hasMessageContaining("unused: head.weight (1)")
                .hasMessageContaining("proj.weight is (3, 2), the module has (2, 3)")
                .hasMessageContaining("norm.weight is Long, the module has Float");
        assertThat(Weights.of(net).get("norm.bias").equal(before)).isTrue();
    }

    @Test
    void halfPrecisionFilesLoadIntoFloat() throws IOException {
        Path path = folder.resolve("w.safetensors");
        Safetensors.write(path, Map.of("weight", Ops.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3).to(ScalarType.BFloat16),
                "bias",
                torch.zeros(2)), Map.of());
        LinearImpl linear = new LinearImpl(3, 2);
        Weights.load(linear, Safetensors.open(path));
        assertThat(Ops.floats(linear.weight())).containsExactly(1, 2, 3, 4, 5, 6);
        assertThatThrownBy(() -> Weights.load(new LinearImpl(4, 2), Safetensors.open(path)))
                .isInstanceOf(SafetensorsException.class).hasMessageContaining(path.toString())
                .hasMessageContaining("(2, 4)");
    }
}
