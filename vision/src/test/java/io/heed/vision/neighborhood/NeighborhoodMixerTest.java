package io.heed.vision.neighborhood;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.kernels.NeighborhoodSpec;
import io.heed.nn.FusedNeighborhood;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.vision.ColumnarConfig;
import io.heed.vision.GridConfig;
import io.heed.vision.GridMixerContract;
import io.heed.vision.GridMixerKind;
import io.heed.vision.GridMixers;
import io.heed.vision.ImageClassifierConfig;
import io.heed.vision.PyramidConfig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class NeighborhoodMixerTest extends GridMixerContract {
    @Override
    protected GridMixerKind kind() {
        return GridMixers.named("neighborhood");
    }

    @Override
    protected List<GridConfig> configs() {
        GridConfig config = GridConfig.of(24, 3, 6, 9);
        return List.of(config.withOptions(Map.of("kernel", "3x5", "dilation", "2x1")),
                config.withRelative(true).withOptions(Map.of("kernel", "3", "dilation", "max")),
                config.withOptions(Map.of("kernel", "4", "stride", "2", "causal", "rows")),
                GridConfig.of(24, 3, 5, 3));
    }

    @TestFactory
    Stream<DynamicTest> golden() {
        return GoldenTests.of(new NeighborhoodSystem());
    }

    @Test
    void aKernelLargerThanTheGridIsNamed() {
        assertThatThrownBy(() -> kind().build(GridConfig.of(24, 3, 6, 9).withOptions(Map.of("kernel", "7"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("axis 0 of the grid 6x9: kernel 7 with dilation 1"
                        + " spans 7 positions, the axis has 6: take a smaller kernel or dilation, or a larger grid");
        assertThatThrownBy(() -> kind().build(GridConfig.of(24, 3, 6, 9).withOptions(Map.of("kernel", "3x"))))
                .hasMessage("option kernel=3x: must be a whole number, or two as in 3x5");
        assertThatThrownBy(() -> kind().build(GridConfig.of(24, 3, 6, 9).withOptions(Map.of("kernal", "3"))))
                .hasMessageContaining("did you mean 'kernel'?");
        assertThatThrownBy(() -> ColumnarConfig.of("neighborhood:kernel=9", 1, 28, 28, 4, 32, 1).build())
                .hasMessageContaining("the axis has 7");
    }

    @Test
    void theUsualWindowIsSevenOrWhatFits() {
        assertThat(build(14, 5, Map.of()).kernel()).containsExactly(7, 5);
        assertThat(build(6, 1, Map.of()).kernel()).containsExactly(5, 1);
        assertThat(build(14, 14, Map.of("dilation", "4")).kernel()).containsExactly(3, 3);
        assertThat(build(28, 14, Map.of("dilation", "max")).dilation()).containsExactly(4, 2);
    }

    private static NeighborhoodConfig build(int rows, int columns, Map<String, String> options) {
        return NeighborhoodOptions.build(GridConfig.of(8, 1, rows, columns).withOptions(options)).config();
    }

    @Test
    void aLayerTakesGridsOfAnySizeOnOneTwoAndThreeAxes() {
        try (PointerScope _ = new PointerScope()) {
            NeighborhoodAttention video = new NeighborhoodAttention(NeighborhoodConfig.of(12, 2, 3, 3, 3));
            assertThat(video.forward(torch.randn(1, 4, 5, 6, 12)).shape()).containsExactly(1, 4, 5, 6, 12);
            assertThat(video.forward(torch.randn(2, 3, 8, 3, 12)).shape()).containsExactly(2, 3, 8, 3, 12);
            assertThatThrownBy(() -> video.forward(torch.randn(2, 3, 8, 12)))
                    .hasMessage("neighborhood attention on 3 axes takes (B, S, S, S, 12), got (2, 3, 8, 12)");
            assertThatThrownBy(() -> video.forward(torch.randn(2, 2, 8, 8, 12))).hasMessageContaining("the axis has 2");
        }
    }

    @Test
    void natMiniHasItsTwentyMillionParametersAndDilationsAsPublished() {
        ImageClassifierConfig nat = NeighborhoodModels.MINI.nat(3, 224, 224, 1000);
        ImageClassifierConfig dinat = NeighborhoodModels.MINI.dinat(3, 224, 224, 1000);
        assertThat(nat.parameterCount()).isBetween(19_900_000L, 20_100_000L).isEqualTo(dinat.parameterCount());
        PyramidConfig pyramid = (PyramidConfig) dinat.backbone();
        assertThat(List.of(pyramid.rows(0), pyramid.rows(1), pyramid.rows(2), pyramid.rows(3)))
                .containsExactly(56, 28, 14, 7);
        assertThat(build(56, 56, pyramid.mixers().get(1).options()).dilation()).containsExactly(8, 8);
        assertThat(build(7, 7, pyramid.mixers().get(1).options()).dilation()).containsExactly(1, 1);
    }

    @Test
    void theStudysNaiveLoopComputesTheSame() {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(2, "naive", 0);
            NeighborhoodSpec spec = NeighborhoodSpec.of(new int[] {5, 6, 7}, 3, 4, 5);
            Tensor q = torch.randn(1, 2, 210, 8);
            Tensor k = torch.randn(1, 2, 210, 8);
            Tensor v = torch.randn(1, 2, 210, 8);
            float[] out = new float[2 * 210 * 8];
            new NaiveNeighborhood(spec).forward(2, 8, Ops.floats(q), Ops.floats(k), Ops.floats(v), out);
            assertClose("naive", Ops.of(out, 1, 2, 210, 8), FusedNeighborhood.apply(q, k, v, null, spec).out(), 1e-5);
        }
    }
}
