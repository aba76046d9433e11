package io.heed.sequence.cca;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class CcaAttentionTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(24, 4).withLength(64);

    @Override
    protected MixerKind kind() {
        return CcaSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(CONFIG.withOptions(Map.of("group", "4", "window", "10")),
                CONFIG.withKeyValueHeads(2).withOptions(Map.of("group", "3", "window", "2", "pool", "mean")),
                CONFIG.withOptions(Map.of("group", "8", "window", "5", "pool", "max", "positions", "none")),
                CONFIG.withOptions(Map.of("group", "4", "window", "7", "pool", "none")));
    }

    /** Every past token is seen exactly once, by itself or through its core, whatever g and w. */
    @Test
    void everyPastTokenIsSeenOnce() {
        for (int[] sizes : new int[][] {{4, 6, 22}, {3, 4, 18}, {5, 1, 17}, {1, 3, 9}, {8, 40, 30}, {4, 16, 64}, {7,
                3, 50}}) {
            CoreConfig config = new CoreConfig(sizes[0], sizes[1], CoreConfig.Pool.CCA);
            int n = sizes[2];
            int cores = config.cores(n);
            boolean[] visible = Ops.booleans(CoreAttention.visible(n, config));
            for (int t = 0; t < n; t++) {
                for (int j = 0; j < n; j++) {
                    boolean exact = visible[t * (cores + n) + cores + j];
                    boolean merged = j / config.group() < cores && visible[t * (cores + n) + j / config.group()];
                    assertThat((exact ? 1 : 0) + (merged ? 1 : 0)).as("query %d, token %d, g %d, w %d", t, j,
                            sizes[0], sizes[1])
                            .isEqualTo(j <= t ? 1 : 0);
                    if (merged) {
                        assertThat(t - j).as("a merged token is older than the"
                                + " window").isGreaterThanOrEqualTo(config.window());
                    }
                }
            }
        }
    }

    @Test
    void aWindowOverTheWholeSequenceIsFullAttention() {
        Tensor q = torch.randn(1, 2, 40, 8);
        Tensor k = torch.randn(1, 2, 40, 8);
        Tensor v = torch.randn(1, 2, 40, 8);
        Tensor full = ComposedAttention.apply(q, k, v, AttentionSpec.softmax().withMask(Mask.causal()));
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            assertClose("window 40, " + form, CoreAttention.outputs(q, k, v, new CoreConfig(4, 40,
                    CoreConfig.Pool.CCA), null, form),
                    full, 1e-5);
            assertClose("groups not full, " + form, CoreAttention.outputs(q, k, v, new CoreConfig(16, 30,
                    CoreConfig.Pool.CCA),
                    null, form), full, 1e-5);
        }
    }

    /** A core's weight shared out by significance makes rows that sum up to 1. */
    @Test
    void tokenWeightsAreDistributions() {
        Tensor q = torch.randn(1, 2, 30, 8);
        Tensor weights = CoreAttention.tokenWeights(q, torch.randn(1, 2, 30, 8), torch.randn(1, 2, 30, 8),
                new CoreConfig(4, 6, CoreConfig.Pool.CCA), null);
        assertThat(Ops.largestDifference(weights.sum(new long[] {-1}, false, null), torch.ones(1, 2,
                30))).isLessThan(1e-5);
        assertThat(weights.triu(1).abs().max().item_double()).isZero();
    }

    @Test
    void theStateKeepsACoreForEachGroupAndTheNearTokens() {
        SequenceMixer mixer = kind().build(CONFIG.withOptions(Map.of("group", "4", "window", "10")));
        try (MixerState state = mixer.state(1)) {
            mixer.prefill(Ops.slice(input(71, CONFIG, 1), 0, 0, 1), state);
            int cores = (71 - 10) / 4;
            int near = 71 - 4 * cores;
            assertThat(near).isBetween(10, 13);
            assertThat(state.bytes()).isEqualTo(4L * 24 * (2 * cores + 3 * near));
        }
    }

    /** Lengths around the sizes at which groups and windows begin. */
    @Test
    void bothFormsAgreeAroundTheEdges() {
        CoreConfig config = new CoreConfig(4, 6, CoreConfig.Pool.CCA);
        for (int n = 1; n <= 24; n++) {
            Tensor q = torch.randn(2, 4, n, 6);
            Tensor k = torch.randn(2, 2, n, 6);
            Tensor v = torch.randn(2, 2, n, 5);
            assertClose("N = " + n, CoreAttention.outputs(q, k, v, config, null, Form.FUSED),
                    CoreAttention.outputs(q, k, v, config, null, Form.REFERENCE), 1e-5);
        }
    }

    @Test
    void whatItCannotDoIsSaid() {
        assertThatThrownBy(() -> kind().build(CONFIG.withCausal(false))).hasMessageContaining("causal only");
        assertThatThrownBy(() -> kind().build(CONFIG.withOptions(Map.of("group", "0"))))
                .hasMessageContaining("groups of 0");
        assertThatThrownBy(() -> kind().build(CONFIG.withOptions(Map.of("positions", "learned"))))
                .hasMessageContaining("must be rotary or none");
    }
}
