package io.heed.sequence.combiner;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.nn.Form;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class CombinerAttentionTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(16, 2).withLength(64);

    @Override
    protected MixerKind kind() {
        return CombinerSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(CONFIG.withOptions(Map.of("segment", "6")), CONFIG.withCausal(false)
                .withOptions(Map.of("segment", "5")),
                with("log-sparse"), with("axial-mixture"), with("axial-row-major"),
                with("axial-mixture").withCausal(false), with("axial-row-major").withCausal(false),
                CONFIG.withOptions(Map.of("segment", "6", "activation", "deepset", "pooling", "mean", "bias", "true")),
                CONFIG.withOptions(Map.of("layout", "log-sparse", "activation", "relu", "pooling", "mean")),
                CONFIG.withOptions(Map.of("layout", "axial-mixture", "segment", "4", "running", "sum")),
                CONFIG.withOptions(Map.of("layout", "log-sparse", "summaries", "false")));
    }

    private static MixerConfig with(String layout) {
        return CONFIG.withOptions(Map.of("layout", layout, "segment", "5"));
    }

    @Test
    void everyPairIsReachable() {
        for (MixerConfig config : configs()) {
            if (config.options().containsKey("summaries")) {
                continue; // the sparse partners do not reach all
            }
            SequenceMixer mixer = build(config);
            int length = 23;
            for (int query = 0; query < length; query += 2) {
                Tensor x = input(length, config, 1).requires_grad_(true);
                mixer.forward(x).select(1, query).sum().backward();
                float[] reach = Ops.floats(x.grad().abs().sum(new long[] {0, 2}));
                for (int key = 0; key < length; key++) {
                    boolean seen = !config.causal() || key <= query;
                    assertThat(reach[key] > 0).as("%s, causal %s: key %d from query %d", config.options(),
                            config.causal(), key,
                            query).isEqualTo(seen);
                }
            }
        }
    }

    @Test
    void logSparseGroupsTileThePast() {
        Tensor q = torch.zeros(1, 1, 21, 4); // equal logits: every list entry weighs the same, every group is its mean
        Tensor v = Ops.scale(torch.arange(new Scalar(21)), 1).to(torch.ScalarType.Float).view(1, 1, 21, 1);
        CombinerConfig config = new CombinerConfig(4, 1, CombinerConfig.Layout.LOG_SPARSE, 1, true, true,
                CombinerConfig.Levels.EXACT, Activation.IDENTITY, Pooling.MAX, Running.MAX, false, 1e-6, 1);
        Grouping grouping = new Grouping(null, Activation.IDENTITY, Pooling.MAX, 4);
        Tensor out = ListedCombiner.apply(config, grouping, q, torch.zeros(1, 1, 21, 4), v.expand(1, 1, 21, 4)
                .contiguous(),
                null, Form.AUTO);
        // token 13 = 1101b: itself, 12 (one token), 8..11 (mean 9.5), 0..7 (mean 3.5)
        assertThat(out.select(2, 13).select(2, 0).item_double()).isCloseTo((13 + 12 + 9.5 + 3.5) / 4,
                within(1e-5));
    }

    @Test
    void publishedLevelsAreOneShortAfterAPowerOfTwo() {
        assertThat(CombinerConfig.Levels.PUBLISHED.of(9)).isEqualTo(3);
        assertThat(CombinerConfig.Levels.EXACT.of(9)).isEqualTo(4);
        for (int length = 3; length < 200; length++) {
            if (Integer.bitCount(length - 1) != 1) {
                assertThat(CombinerConfig.Levels.PUBLISHED.of(length)).as("N = %d", length)
                        .isEqualTo(CombinerConfig.Levels.EXACT.of(length));
            }
        }
    }

    @Test
    void oneSoftmaxWeighsKeysAndGroupsTogether() {
        SequenceMixer mixer = build(CONFIG.withOptions(Map.of("segment", "4", "summaries", "false")));
        SequenceMixer grouped = build(CONFIG.withOptions(Map.of("segment", "4")));
        Tensor x = input(12, CONFIG, 1);
        assertClose("the first segment has no groups", grouped.forward(x).narrow(1, 0, 4), mixer.forward(x)
                .narrow(1, 0, 4), 1e-6);
        assertThat(Ops.largestDifference(grouped.forward(x).narrow(1, 4, 8), mixer.forward(x).narrow(1, 4, 8)))
                .isGreaterThan(1e-4);
    }

    @Test
    void whatDoesNotGoTogetherIsSaid() {
        assertThatThrownBy(() -> kind().build(with("log-sparse").withCausal(false)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("log-sparse is causal only");
        assertThatThrownBy(() -> kind().build(CONFIG.withOptions(Map.of("layout", "axial"))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("fixed, log-sparse, axial-mixture");
    }
}
