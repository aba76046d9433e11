package io.heed.sequence.cab;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.WithoutGradients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@ExtendWith(WithoutGradients.class)
class BenchmarkAttentionTest {
    private static final MixerConfig CAUSAL = MixerConfig.of(16, 2);
    private static final MixerConfig FREE = CAUSAL.withCausal(false);

    @BeforeEach
    void seed() {
        Seeds.seedTorch(2, "benchmark attention", 0);
    }

    @Test
    void performerServesCausalCrossAloneAmongCausalPatterns() {
        SequenceMixer mixer = build(CabSystem.PERFORMER, CAUSAL);
        assertThat(mixer.patterns()).containsExactly(Pattern.CAUSAL_CROSS);
        Tensor x = torch.randn(2, 9, 16);
        MixerContext memory = MixerContext.plain().withMemory(torch.randn(2, 21, 16), Padding.ofLengths(21, 21, 8));
        Tensor y = mixer.forward(x, memory);
        assertThat(Ops.largestDifference(mixer.forward(x.narrow(1, 0, 4), memory), y.narrow(1, 0, 4))).isLessThan(1e-6);
        try (MixerState state = mixer.state(2, memory)) {
            assertThat(Ops.largestDifference(mixer.prefill(x, state), y)).isLessThan(1e-6);
        }
        assertThatThrownBy(() -> mixer.forward(x)).isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("not its own sequence");
        assertThatThrownBy(() -> mixer.state(2)).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void whatHasNoCausalFormRefusesToBeCausal() {
        for (MixerKind kind : List.of(CabSystem.COSFORMER, CabSystem.NYSTROM)) {
            assertThatThrownBy(() -> kind.build(CAUSAL)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no causal form");
        }
    }

    /** Whether an output depends on later tokens shows why the refusals are right. */
    @Test
    void performerAndNystromLeakWhereCausalWouldBeNeeded() {
        Tensor x = torch.randn(1, 40, 16);
        for (MixerKind kind : List.of(CabSystem.PERFORMER, CabSystem.NYSTROM)) {
            SequenceMixer mixer = build(kind, FREE);
            Tensor prefix = mixer.forward(x.narrow(1, 0, 20));
            assertThat(Ops.largestDifference(mixer.forward(x).narrow(1, 0, 20), prefix)).as(kind.id())
                    .isGreaterThan(1e-4);
        }
    }

    @Test
    void nystromIsExactUpToItsLandmarksAndNearBeyond() {
        Tensor x = torch.randn(1, 16, 16);
        SequenceMixer few = build(CabSystem.NYSTROM, FREE.withOptions(Map.of("landmarks", "16")));
        SequenceMixer fewer = build(CabSystem.NYSTROM, FREE.withOptions(Map.of("landmarks", "15")));
        assertThat(Ops.largestDifference(few.forward(x), fewer.forward(x))).isBetween(1e-7, 0.05);
    }

    @Test
    void performersFeaturesAreDrawnAnewInTrainingOnly() {
        SequenceMixer mixer = CabSystem.PERFORMER.build(FREE);
        Tensor x = torch.randn(1, 12, 16);
        assertThat(Ops.largestDifference(mixer.forward(x), mixer.forward(x))).isPositive();
        mixer.eval();
        assertThat(Ops.largestDifference(mixer.forward(x), mixer.forward(x))).isZero();
    }

    @Test
    void newestSharesAreTheSameStepByStep() {
        SequenceMixer mixer = build(CabSystem.ABC, CAUSAL.withOptions(Map.of("slots", "3", "memory", "newest")));
        Tensor x = torch.randn(2, 11, 16);
        try (MixerState state = mixer.state(2)) {
            Tensor parts = Ops.cat(1, mixer.prefill(x.narrow(1, 0, 6), state),
                    mixer.step(x.select(1, 6), state).unsqueeze(1),
                    mixer.prefill(x.narrow(1, 7, 4), state));
            assertThat(Ops.largestDifference(parts, mixer.forward(x))).isLessThan(1e-6);
        }
    }

    @Test
    void windowedStateIsBounded() {
        SequenceMixer mixer = build(CabSystem.LOCAL, CAUSAL.withOptions(Map.of("window", "4")));
        try (MixerState state = mixer.state(1)) {
            mixer.prefill(torch.randn(1, 50, 16), state);
            assertThat(state.bytes()).isEqualTo(2L * 3 * 16 * Float.BYTES);
        }
    }

    /** Same weights: they are drawn from the same stream. */
    private static SequenceMixer build(MixerKind kind, MixerConfig config) {
        Seeds.seedTorch(5, "weights", 0);
        SequenceMixer mixer = kind.build(config);
        mixer.eval();
        return mixer;
    }
}
