package io.heed.sequence.transnormer;

import java.util.List;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.sequence.DecayRates;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class NormLinearAttentionTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(24, 3).withLength(64);

    @Override
    protected MixerKind kind() {
        return TransNormerSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(CONFIG, CONFIG.atLayer(1, 2), CONFIG.atLayer(1, 3).withOptions(Map.of("lrpe", "all")),
                CONFIG.withOptions(Map.of("decay", "false", "gate", "false", "norm", "layer")));
    }

    /** The learned frequencies times positions reach some radians, where float32 sines differ by rounding. */
    @Override
    protected double tolerance() {
        return 5e-5;
    }

    @Test
    void turnedProductsDependOnDistanceOnly() {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            torch.manual_seed(3);
            Lrpe lrpe = new Lrpe(2, 6);
            Tensor q = torch.randn(1, 2, 9, 6);
            Tensor k = torch.randn(1, 2, 9, 6);
            Tensor near = lrpe.at(0, 9).apply(q).matmul(lrpe.at(0, 9).apply(k).transpose(2, 3));
            Tensor far = lrpe.at(517, 9).apply(q).matmul(lrpe.at(517, 9).apply(k).transpose(2, 3));
            assertThat(Ops.largestDifference(near, far)).as("any common offset cancels").isLessThan(1e-3);
            double expected = 0;
            float[] queries = Ops.floats(q.select(1, 1).select(1, 7));
            float[] keys = Ops.floats(k.select(1, 1).select(1, 2));
            for (int c = 0; c < 6; c++) {
                expected += queries[c] * keys[c] * Math.cos(Math.pow(10_000, -2.0 * (6 + c) / 12) * 5);
            }
            assertThat(near.select(1, 1).select(1, 7).select(1, 2).item_double()).as("sum of q k cos(theta (t - j))")
                    .isCloseTo(expected, within(1e-5));
        }
    }

    @Test
    void stateIsOneMatrixAHeadTwiceAsHighWithPositions() {
        for (boolean lrpe : new boolean[] {false, true}) {
            NormLinearAttention attention = new NormLinearAttention(
                    NormLinearConfig.of(24, DecayRates.of(3, 0, 2), lrpe));
            try (MixerState state = attention.state(2)) {
                attention.prefill(torch.randn(2, 50, 24), state);
                assertThat(state.bytes()).isEqualTo(2 * 3 * (lrpe ? 16 : 8) * 8 * 4);
            }
        }
    }

    @Test
    void aStateThatIsNotDecayedIsLostAndTheDecayedOneIsNot() {
        Decoding.Stability stability = Decoding.stability(4096, 0.25);
        assertThat(stability.firstLost()).as("exp(0.25 t) leaves float32 at 355").isBetween(335, 356);
        assertThat(stability.robustError()).isLessThan(1e-5);
        assertThat(Decoding.stability(300, 0.25).firstLost()).isEqualTo(-1);
    }

    @Test
    void whatItCannotDoIsSaid() {
        assertThatThrownBy(() -> kind().build(CONFIG.withCausal(false))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("causal only");
        assertThatThrownBy(() -> kind().build(CONFIG.withOptions(Map.of("lrpe", "last"))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("first, all, none");
    }
}
