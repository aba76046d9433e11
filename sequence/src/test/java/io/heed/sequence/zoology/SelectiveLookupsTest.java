package io.heed.sequence.zoology;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

class SelectiveLookupsTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return ZoologySystem.SELECTIVE;
    }

    @Override
    protected List<MixerConfig> configs() {
        MixerConfig plain = MixerConfig.of(24, 3).withLength(64);
        return List.of(plain, plain.withOptions(Map.of("lookups", "5")));
    }

    @Test
    void weightsOfASequenceShareOneUnit() {
        try (PointerScope _ = new PointerScope()) {
            Tensor scores = torch.randn(2, 9, 1);
            Padding padding = Padding.ofLengths(9, 9, 4);
            Tensor weights = Gate.SOFTMAX.weights(scores, Selection.SEQUENCE, Optional.of(padding));
            assertThat(Ops.floats(weights.sum(new long[] {1}, false, null))).containsExactly(new float[] {1, 1},
                    offset(1e-6f));
            assertThat(weights.select(0, 1).narrow(0, 4, 5).count_nonzero().item_long()).isZero();
        }
    }

    /** The last running weight is that of the whole sequence, the first is 1. */
    @Test
    void runningWeightsAreThoseOfEveryPrefix() {
        try (PointerScope _ = new PointerScope()) {
            Tensor scores = torch.randn(1, 9, 1);
            Tensor running = Gate.SOFTMAX.weights(scores, Selection.RUNNING, Optional.empty());
            for (int end = 1; end <= 9; end++) {
                Tensor whole = Gate.SOFTMAX.weights(scores.narrow(1, 0, end), Selection.SEQUENCE,
                        Optional.empty());
                assertThat(running.select(1, end - 1).item_float()).isCloseTo(whole.select(1, end - 1).item_float(),
                        offset(1e-6f));
            }
        }
    }

    /** By definition y - x = s a at the positions of the square root of N highest scores, 0 elsewhere. */
    @Test
    void onlyTheHighestScoresLookAnythingUp() {
        try (PointerScope _ = new PointerScope()) {
            SequenceMixer mixer = kind().build(MixerConfig.of(24, 3).withOptions(Map.of("selection", "sequence")));
            mixer.eval();
            Tensor x = torch.randn(1, 16, 24);
            Tensor moved = mixer.forward(x).sub(x).abs().amax(new long[] {2}, false).squeeze(0);
            Map<String, Tensor> weights = Weights.parameters(mixer);
            assertThat(weights.get("selecting.bias").shape()).containsExactly(1);
            Tensor scores = x.squeeze(0).matmul(weights.get("selecting.weight").squeeze(0));
            long[] highest = Ops.longs(torch.topk(scores, 4).get1());
            for (int t = 0; t < 16; t++) {
                long at = t;
                boolean chosen = Arrays.stream(highest).anyMatch(h -> h == at);
                assertThat(moved.select(0, t).item_double() > 0).as("position %d", t).isEqualTo(chosen);
            }
            MixerContext training = MixerContext.plain();
            mixer.train(true);
            mixer.forward(x, training);
            assertThat(training.loss()).as("no auxiliary loss").isEmpty();
        }
    }
}
