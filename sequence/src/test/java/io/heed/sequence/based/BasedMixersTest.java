package io.heed.sequence.based;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

import io.heed.sequence.BackboneState;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class BasedMixersTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(24, 3).withLength(64);

    @Override
    protected MixerKind kind() {
        return BasedSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(CONFIG.withOptions(Map.of("feature", "6")),
                CONFIG.withOptions(Map.of("part", "taylor", "map", "elu", "feature", "8")),
                CONFIG.withOptions(Map.of("part", "window", "window", "32")),
                CONFIG.withOptions(Map.of("part", "conv", "kernel", "4")),
                CONFIG.atLayer(2, 3).withOptions(Map.of("window", "10", "rotary", "false")));
    }

    @Test
    void featuresAreTheExpansionOfTheExponential() {
        Tensor q = torch.randn(2, 7, 6).to(ScalarType.Double);
        Tensor k = torch.randn(2, 7, 6).to(ScalarType.Double);
        Tensor u = Ops.scale(q.matmul(k.transpose(1, 2)), 1 / Math.sqrt(6));
        Tensor expected = Ops.shift(u.add(Ops.scale(u.square(), 0.5)), 1);
        assertThat(Ops.largestDifference(TaylorMap.full(q).matmul(TaylorMap.full(k).transpose(1, 2)), expected))
                .isLessThan(1e-13);
        assertThat(Ops.largestDifference(TaylorMap.compact(q).matmul(TaylorMap.compact(k).transpose(1, 2)), expected))
                .isLessThan(1e-13);
        assertThat(expected.min().item_double()).as("never below 1/2").isGreaterThanOrEqualTo(0.5);
        assertThat(Ops.largestDifference(TaylorMap.expand(TaylorMap.compact(q).transpose(1, 2), 6),
                TaylorMap.full(q).transpose(1, 2))).isLessThan(1e-13);
    }

    @Test
    void theWindowIsHalfOfTheNumberGivenAndTheTokenItself() {
        SequenceMixer window = kind().build(CONFIG.withOptions(Map.of("part", "window", "window", "8")));
        Tensor x = input(20, CONFIG, 1);
        Tensor changed = Ops.cat(1, Ops.slice(x, 1, 0, 5), Ops.slice(input(20, CONFIG, 2), 1, 5, 6), Ops.slice(x, 1,
                6, 20));
        Tensor difference = window.forward(changed).sub(window.forward(x)).abs().amax(new long[] {0, 2}, false);
        for (int t = 0; t < 20; t++) {
            assertThat(difference.select(0, t).item_double() > 0).as("token 5 changes output "
                    + t).isEqualTo(t >= 5 && t <= 9);
        }
    }

    @Test
    void statesHaveTheSizesThatTheAccountingSays() {
        Tensor x = input(50, CONFIG, 1);
        assertThat(bytes(Map.of("part", "taylor", "feature", "16"), x)).isEqualTo(4L * 2 * 3 * 153 * 9);
        assertThat(bytes(Map.of("part", "window", "window", "32"), x)).isEqualTo(4L * 2 * 2 * 16 * 24);
        assertThat(bytes(Map.of("part", "conv"), x)).isEqualTo(4L * 2 * 2 * 48);
    }

    private long bytes(Map<String, String> options, Tensor x) {
        SequenceMixer mixer = kind().build(CONFIG.withOptions(options));
        try (MixerState state = mixer.state(2)) {
            mixer.prefill(x, state);
            return state.bytes();
        }
    }

    @Test
    void theModelTakesItsLayersInThePapersOrder() {
        assertThat(IntStream.range(0, 27).filter(l -> BasedMixers.at(l,
                27) == BasedMixers.Part.TAYLOR)).containsExactly(1, 6,
                11, 16, 21);
        assertThat(BasedMixers.at(1, 2)).isEqualTo(BasedMixers.Part.TAYLOR);
        assertThat(IntStream.range(0, 27).filter(l -> BasedMixers.at(l,
                27) == BasedMixers.Part.WINDOW)).containsExactly(2, 7,
                12, 17, 22);
    }

    /** A prompt and then single tokens, through all three kinds of layers. */
    @Test
    void theModelWritesAsItReads() {
        BasedModel model = new BasedModel(new BasedModel.Config(21, 16, 4, 2, 4, 8, 32));
        Tensor tokens = Ops.of(IntStream.range(0, 2 * 30).mapToLong(i -> (i * 11 + i / 7) % 21).toArray(), 2, 30);
        Tensor expected = model.forward(tokens, MixerContext.plain());
        assertThat(expected.shape()).containsExactly(2, 30, 21);
        try (BackboneState state = model.state(2)) {
            Tensor[] parts = new Tensor[12];
            parts[0] = model.prefill(tokens.narrow(1, 0, 19), state);
            for (int t = 19; t < 30; t++) {
                parts[t - 18] = model.prefill(tokens.narrow(1, t, 1), state);
            }
            assertClose("prompt, then token by token", Ops.cat(1, parts), expected, 1e-5);
        }
    }

    @Test
    void whatItCannotDoIsSaid() {
        assertThatThrownBy(() -> kind().build(CONFIG.withCausal(false))).hasMessageContaining("causal only");
        assertThatThrownBy(() -> kind().build(CONFIG.withOptions(Map.of("part", "hyena"))))
                .hasMessageContaining("must be one of hybrid, taylor, window, conv");
    }
}
