package io.heed.sequence.lightning;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.sequence.DecayRates;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class TnlAttentionTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(24, 3).withLength(64);

    @Override
    protected MixerKind kind() {
        return LightningSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(CONFIG, CONFIG.atLayer(1, 2), CONFIG.withOptions(Map.of("decay", "false")),
                MixerConfig.of(32, 2).atLayer(1, 4).withLength(64));
    }

    @Test
    void decayRatesAreThePapers() {
        assertThat(DecayRates.of(4, 0, 5)).containsExactly(new double[] {0.25, 0.0625, 0.015625, 0.00390625},
                within(1e-5));
        assertThat(DecayRates.of(4, 2, 5)[0]).isCloseTo(0.25 * (0.5 + 1e-5), within(1e-12));
        assertThat(DecayRates.of(4, 4, 5)[0]).as("the last layer hardly forgets").isCloseTo(0.25e-5, within(1e-12));
        assertThat(DecayRates.of(6, 0, 2)).as("six heads: four, then every second of eight")
                .containsExactly(new double[] {0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125}, within(1e-5));
        assertThat(DecayRates.of(4, 0, 1)[0]).as("an only layer").isCloseTo(0.25, within(1e-5));
    }

    @Test
    void stateIsOneMatrixAHead() {
        TnlAttention attention = new TnlAttention(24, DecayRates.none(3), true, 1e-5, 1);
        assertThat(attention.carriesOrder()).isFalse();
        try (MixerState state = attention.state(2)) {
            attention.prefill(torch.randn(2, 50, 24), state);
            assertThat(state.bytes()).isEqualTo(2 * 3 * 8 * 8 * 4);
        }
    }

    @Test
    void longSequencesStayFinite() {
        TnlAttention attention = new TnlAttention(16, DecayRates.of(2, 0, 2), false, 1e-5, 2);
        Tensor x = torch.randn(1, 20_000, 16).requires_grad_(true);
        Tensor y = attention.forward(x);
        y.sum().backward();
        assertThat(torch.isfinite(y).all().item_bool() && torch.isfinite(x.grad()).all().item_bool())
                .as("no exp(+s t) anywhere").isTrue();
    }

    @Test
    void whatItCannotDoIsSaid() {
        assertThatThrownBy(() -> kind().build(CONFIG.withCausal(false))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("causal only");
        assertThatThrownBy(() -> DecayRates.of(4, 3, 3)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("layer 3 is not among 3");
    }
}
