package io.heed.vision.convit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.vision.GridConfig;
import io.heed.vision.GridMixerContract;
import io.heed.vision.GridMixerKind;
import io.heed.vision.GridMixers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class ConvitTest extends GridMixerContract {
    @Override
    protected GridMixerKind kind() {
        return GridMixers.named("convit");
    }

    @Override
    protected List<GridConfig> configs() {
        return List.of(GridConfig.of(16, 4, 5, 7), GridConfig.of(20, 5, 4, 4).withOptions(Map.of("local", "false")));
    }

    @TestFactory
    Stream<DynamicTest> golden() {
        return GoldenTests.of(new ConvitSystem());
    }

    @Test
    void aFreshLayerHasTheWeightsOfTheReferencesLocalStart() throws Exception {
        Path file = GoldenTests.folder().resolve("convit/local_init_h9.safetensors");
        Assumptions.assumeTrue(Files.isRegularFile(file), "no golden files");
        try (PointerScope _ = new PointerScope()) {
            GoldenCase golden = GoldenCase.open(file);
            Map<String, Tensor> wanted = golden.weights();
            StringTensorDict fresh = ConvitGolden.layer(golden).named_parameters();
            for (String name : List.of("gating_param", "v.weight", "pos_proj.weight", "pos_proj.bias")) {
                assertClose(name, fresh.get(name), wanted.get(name), 0);
            }
        }
    }

    @Test
    void freshHeadsLookAtTheOffsetsOfAKernelAndHeadsBeyondItAnywhere() {
        try (PointerScope _ = new PointerScope()) {
            // gates shut, narrow heads: head h1 + 2 h2 of a 2 x 2 kernel looks half a token aside; the fifth has no
            // offset
            GatedPositionalAttention layer = new GatedPositionalAttention(10, 5, false,
                    new GatedPositionalAttention.Start(true, 3), 0);
            layer.freezeGates(30);
            Tensor maps = layer.maps(torch.randn(1, 7, 7, 10));
            double[] down = {-0.5, 0.5, -0.5, 0.5};
            double[] right = {-0.5, -0.5, 0.5, 0.5};
            for (int head = 0; head < 4; head++) {
                double[] row = Ops.doubles(maps.select(0, 0).select(0, head).select(0, 24)); // the middle of the grid
                double y = 0;
                double x = 0;
                for (int key = 0; key < 49; key++) {
                    y += row[key] * (key / 7 - 3);
                    x += row[key] * (key % 7 - 3);
                }
                assertThat(y).as("rows, head %d", head).isCloseTo(down[head], within(1e-3));
                assertThat(x).as("columns, head %d", head).isCloseTo(right[head], within(1e-3));
            }
            double[] beyond = Ops.doubles(maps.select(0, 0).select(0, 4).select(0, 24));
            assertThat(beyond[0]).isGreaterThan(1e-4);
        }
    }

    @Test
    void distancesOfUniformMapsAreThoseOfTheGrid() {
        try (PointerScope _ = new PointerScope()) {
            GatedPositionalAttention layer = new GatedPositionalAttention(8, 2, false,
                    new GatedPositionalAttention.Start(true, 0), 0);
            layer.freezeGates(30);
            // on 1 x 3 tokens the mean distance of a uniform map is (1 + 2 + 1 + 1 + 2 + 1) / 9
            assertThat(Ops.doubles(layer.meanDistance(torch.randn(2, 1, 3, 8))))
                    .containsExactly(new double[] {8 / 9.0, 8 / 9.0}, within(1e-6));
        }
    }

    @Test
    void theClassTokenJoinsAfterTheLocalBlocksWhereverTheyEnd() {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(4, "convit", 0);
            Tensor images = torch.randn(2, 1, 12, 12);
            for (int local = 0; local <= 3; local++) {
                Convit model = new Convit(new ConvitConfig(12, 4, 1, 5, 16, 3, 4, 2, true, local, 1, true, true, 1e-6,
                        0.1));
                model.eval();
                Tensor y = model.forward(images, MixerContext.plain());
                assertThat(y.shape()).containsExactly(2, 5);
                assertClose("forms", y, model.forward(images, MixerContext.of(Form.REFERENCE)), 2e-5);
                assertThat(model.local()).hasSize(local);
                assertThat(model.meanDistances(images)).hasSize(local);
            }
        }
    }

    @Test
    void publishedSizesHaveTheirParameters() {
        try (PointerScope _ = new PointerScope()) {
            Convit tiny = new Convit(ConvitConfig.Size.TINY.config(224, 3, 1000));
            long count = 0;
            var parameters = tiny.parameters();
            for (long i = 0; i < parameters.size(); i++) {
                count += parameters.get(i).numel();
            }
            assertThat(count / 1e6).isCloseTo(5.7, within(0.05));
        }
    }

    @Test
    void whatDoesNotFitIsNamed() {
        assertThatThrownBy(() -> new GatedPositionalAttention(10, 4, false, GatedPositionalAttention.Start.LOCAL, 0))
                .hasMessage("width 10 is not a multiple of 4 heads");
        assertThatThrownBy(() -> new ConvitConfig(15, 4, 1, 5, 16, 3, 4, 2, true, 2, 1, true, true, 1e-6, 0))
                .hasMessageContaining("do not divide into patches of 4x4");
        assertThatThrownBy(() -> new ConvitConfig(12, 4, 1, 5, 16, 3, 4, 2, true, 4, 1, true, true, 1e-6, 0))
                .hasMessage("4 local blocks are not among 3 blocks");
    }
}
