package io.heed.sequence.landmark;

import java.util.List;
import java.util.Map;

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
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class LandmarkAttentionTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(24, 3).withLength(64);

    @Override
    protected MixerKind kind() {
        return LandmarkSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        // a landmark must stand even in the shortest sequences that the suite differentiates
        return List.of(CONFIG.withOptions(Map.of("block", "3")), CONFIG.withOptions(Map.of("block", "1")),
                CONFIG.withOptions(Map.of("block", "4")));
    }

    @Test
    void rowsSumUpToOneAndLandmarksCountNothing() {
        for (int block : new int[] {2, 5, 9}) {
            Tensor weights = GroupedSoftmax.weights(torch.randn(2, 3, 31, 31), Landmarks.every(block, 31).mask(),
                    null, 0);
            assertThat(Ops.largestDifference(weights.narrow(2, 0, 1).sum(new long[] {-1}, false, null), torch.ones(2,
                    3, 1)))
                    .isLessThan(1e-6);
            assertThat(Ops.largestDifference(weights.sum(new long[] {-1}, false, null), torch.ones(2, 3,
                    31))).isLessThan(1e-5);
            for (int j = block - 1; j < 31; j += block) {
                assertThat(weights.select(3, j).abs().max().item_double()).as("landmark %d", j).isZero();
            }
        }
    }

    /** A block's weight is its landmark's in the softmax over landmarks and own tokens. */
    @Test
    void aLandmarkGatesItsBlock() {
        Tensor scores = torch.randn(1, 1, 12, 12);
        Tensor weights = GroupedSoftmax.weights(scores, Landmarks.every(5, 12).mask(), null, 0);
        Tensor gates = Ops.cat(0, row(scores, 11).narrow(0, 4, 1), row(scores, 11).narrow(0, 9, 3)).softmax(0);
        assertThat(row(weights, 11).narrow(0, 0, 4).sum().item_double()).isCloseTo(gates.select(0, 0).item_double(),
                within(1e-6));
        assertThat(row(weights, 11).narrow(0, 5, 4).sum().item_double()).isCloseTo(gates.select(0, 1).item_double(),
                within(1e-6));
    }

    private static Tensor row(Tensor x, long i) {
        return x.select(0, 0).select(0, 0).select(0, i);
    }

    /** Landmarks anywhere, and different ones in each sequence: only the composed form takes them. */
    @Test
    void landmarksMayStandAnywhere() {
        boolean[] marks = new boolean[24];
        for (int at : new int[] {3, 4, 9, 12 + 1, 12 + 7}) {
            marks[at] = true;
        }
        Landmarks landmarks = Landmarks.of(Ops.of(marks, 2, 12));
        assertThat(landmarks.block()).isZero();
        assertThat(Landmarks.of(Landmarks.every(4, 12).mask()).block()).isEqualTo(4);
        LandmarkLayer layer = new LandmarkLayer(LandmarkConfig.of(16, 2, 1, 3));
        Tensor y = layer.forward(torch.randn(2, 12, 16), landmarks, null, Form.AUTO);
        assertThat(torch.isfinite(y).all().item_bool()).isTrue();
    }

    /** Dropped gates take away whole blocks, never the own one. */
    @Test
    void gateDropoutLeavesTheOwnBlock() {
        Seeds.seedTorch(1, "dropout", 0);
        Tensor scores = torch.randn(1, 1, 40, 40);
        Tensor mask = Landmarks.every(8, 40).mask();
        Tensor dropped = GroupedSoftmax.weights(scores, mask, null, 0.5);
        Tensor whole = GroupedSoftmax.weights(scores, mask, null, 0);
        assertThat(Ops.largestDifference(row(dropped, 38).narrow(0, 32, 7), row(whole, 38).narrow(0, 32, 7))).isZero();
        int gone = 0;
        for (int block = 0; block < 4; block++) {
            double share = row(dropped, 38).narrow(0, 8L * block, 7).sum().item_double()
                    / row(whole, 38).narrow(0, 8L * block, 7).sum().item_double();
            assertThat(share < 1e-6 || Math.abs(share - 2) < 1e-4).as("block %d: %s", block, share).isTrue();
            gone += share < 1e-6 ? 1 : 0;
        }
        assertThat(gone).isBetween(0, 4);
    }

    @Test
    void whatItCannotDoIsSaid() {
        assertThatThrownBy(() -> kind().build(CONFIG.withCausal(false))).hasMessageContaining("causal only");
        assertThatThrownBy(() -> kind().build(CONFIG.withOptions(Map.of("block", "0"))))
                .hasMessageContaining("0 tokens between");
    }
}
