package io.heed.sequence.zoology;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.nn.Form;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;

class RwkvTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return ZoologySystem.RWKV;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(MixerConfig.of(24, 3).withLength(64), MixerConfig.of(21, 3).atLayer(1, 2));
    }

    /** From two tokens on: with one, the decay has no gradient. */
    @Override
    protected int[] lengths() {
        return new int[] {2, 7, 67};
    }

    @Test
    void largeKeysNeitherOverflowNorLoseTheirGradients() {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(9, "input", 0);
            Tensor keys = torch.randn(2, 40, 19).mul_(new Scalar(60));
            Tensor values = torch.randn(2, 40, 19);
            Tensor decay = torch.rand(19).mul_(new Scalar(-2));
            Tensor first = torch.randn(19);
            List<List<Tensor>> results = new ArrayList<>();
            for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
                List<Tensor> leaves = new ArrayList<>();
                for (Tensor tensor : List.of(keys, values, decay, first)) {
                    leaves.add(tensor.clone().requires_grad_(true));
                }
                Tensor y = Wkv.apply(leaves.get(0), leaves.get(1), leaves.get(2), leaves.get(3), form);
                y.mul(y).sum().backward();
                List<Tensor> result = new ArrayList<>(List.of(y));
                leaves.forEach(leaf -> result.add(leaf.grad()));
                results.add(result);
            }
            for (int i = 0; i < results.getFirst().size(); i++) {
                assertThat(torch.isfinite(results.get(1).get(i)).all().item_bool()).as("tensor %d", i).isTrue();
                assertThat(Ops.largestDifference(results.get(1).get(i), results.get(0).get(i))).as("tensor %d", i)
                        .isLessThan(1e-3); // exponents of some 200 have an ulp of 1.5e-5
            }
        }
    }
}
