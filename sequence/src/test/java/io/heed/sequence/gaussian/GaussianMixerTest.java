package io.heed.sequence.gaussian;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;

class GaussianMixerTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(24, 3).withLength(64);
    private static final Map<String, String> DENSITY = Map.of("formula", "density", "gaussians", "3");

    @Override
    protected MixerKind kind() {
        return GaussianSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(CONFIG, CONFIG.withCausal(false), CONFIG.withOptions(DENSITY),
                CONFIG.withCausal(false).withOptions(DENSITY));
    }

    /**
     * Densities of the second token, whose variance comes from two, are so curved that differences are that far off.
     */
    @Override
    protected double gradientTolerance() {
        return 1e-5;
    }

    @Test
    void theLastTokenOfACausalGateIsWeighedAsWithoutTheMask() {
        torch.manual_seed(1);
        Tensor x = input(29, CONFIG, 3);
        GaussianMixer causal = (GaussianMixer) build(CONFIG);
        GaussianMixer full = (GaussianMixer) build(CONFIG.withCausal(false));
        assertClose("its statistics are those of all tokens", causal.forward(x).select(1, 28), full.forward(x)
                .select(1, 28),
                1e-5);
        assertThat(Ops.largestDifference(causal.forward(x).select(1, 5), full.forward(x).select(1, 5)))
                .isGreaterThan(1e-4);
    }

    @Test
    void stateIsTwoOrThreeNumbersAChannel() {
        try (MixerState state = build(CONFIG).state(2); MixerState density = build(CONFIG.withOptions(DENSITY))
                .state(2)) {
            assertThat(state.bytes()).isEqualTo(2 * 2 * 24 * 4);
            assertThat(density.bytes()).isEqualTo(2 * 3 * 24 * 4);
        }
    }
}
