package io.heed.sequence.titans;

import java.util.List;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

import io.heed.nn.Form;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;

class MemoryLayerTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return TitansSystem.MEMORY;
    }

    @Override
    protected List<MixerConfig> configs() {
        MixerConfig plain = MixerConfig.of(16, 2).withLength(64);
        return List.of(plain.withOptions(Map.of("chunk", "16", "step", "0.1")),
                plain.withOptions(Map.of("chunk", "5", "depth", "2", "hidden", "20", "conv", "0", "step", "0.1")));
    }

    @Override
    protected int[] lengths() {
        return new int[] {2, 7, 34};
    }

    /** More chunks than are prepared together, the last one incomplete. */
    @Test
    void manyChunksEqualSteps() {
        for (String depth : List.of("1", "2")) {
            try (PointerScope _ = new PointerScope()) {
                SequenceMixer mixer = kind().build(MixerConfig.of(8, 2)
                        .withOptions(Map.of("chunk", "2", "step", "0.2", "depth", depth)));
                Tensor x = torch.randn(2, 151, 8);
                Tensor stepped = x.detach().requires_grad_(true);
                Tensor chunked = x.detach().requires_grad_(true);
                Tensor expected = mixer.forward(stepped, MixerContext.of(Form.REFERENCE));
                Tensor out = mixer.forward(chunked, MixerContext.of(Form.FUSED));
                assertThat(Ops.largestDifference(out, expected)).isLessThan(1e-4);
                expected.mul(x).sum().backward();
                out.mul(x).sum().backward();
                assertThat(Ops.largestDifference(chunked.grad(), stepped.grad())).isLessThan(1e-4);
            }
        }
    }

    @Test
    void gradientFactorsAreTheLossesGradients() {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(3, "input", 0);
            List<Tensor> weights = List.of(leaf(6, 9), leaf(9, 7), leaf(7, 6));
            MemoryWeights memory = MemoryWeights.fresh(weights, 1);
            Tensor keys = torch.randn(new long[] {1, 5, 6}, Ops.options(ScalarType.Double));
            Tensor values = torch.randn(new long[] {1, 5, 6}, Ops.options(ScalarType.Double));
            Tensor difference = memory.read(keys).sub(values);
            difference.mul(difference).sum().backward();
            MemoryWeights.Gradients gradients = memory.gradients(keys, values);
            for (int l = 0; l < weights.size(); l++) {
                Tensor ours = gradients.inputs().get(l).transpose(1, 2).matmul(gradients.errors().get(l)).squeeze(0);
                assertThat(Ops.largestDifference(ours, weights.get(l).grad())).as("matrix %d", l).isLessThan(1e-10);
            }
        }
    }

    @Test
    void memoryRecallsWhatItWroteAndForgetsWhenToldTo() {
        try (PointerScope _ = new PointerScope()) {
            Tensor key = Ops.of(new float[] {1, 0, 0, 0}, 1, 1, 4);
            Tensor value = Ops.of(new float[] {3, -1, 2, 0.5f}, 1, 1, 4);
            MemoryWeights empty = MemoryWeights.fresh(List.of(torch.zeros(4, 4)), 1);
            // a step of 1/2 on (M k - v)^2 writes v at once
            MemoryWeights.Read written = empty.chunk(key, key, value, ChunkShares.of(gates(1, 0.5)));
            assertThat(Ops.largestDifference(written.out(), value)).isLessThan(1e-6);
            MemoryWeights.Read faded = written.after().chunk(key, key, value, ChunkShares.of(gates(0.25, 0)));
            assertThat(Ops.largestDifference(faded.out(), Ops.scale(value, 0.25))).isLessThan(1e-6);
        }
    }

    /** Without momentum. */
    private static MemoryWeights.Gates gates(double keep, double step) {
        return new MemoryWeights.Gates(number(keep), number(Math.log(keep)), number(0), number(-200), number(step),
                number(1));
    }

    private static Tensor number(double value) {
        return Ops.of(new float[] {(float) value}, 1, 1, 1);
    }

    private static Tensor leaf(long in, long out) {
        return torch.randn(new long[] {in, out}, Ops.options(ScalarType.Double)).mul(new Scalar(0.4)).detach()
                .requires_grad_(true);
    }
}
