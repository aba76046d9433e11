package io.heed.vision.halonet;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.vision.GridConfig;
import io.heed.vision.GridMixerContract;
import io.heed.vision.GridMixerKind;
import io.heed.vision.GridMixers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class HaloTest extends GridMixerContract {
    @Override
    protected GridMixerKind kind() {
        return GridMixers.named("halo");
    }

    @Override
    protected List<GridConfig> configs() {
        return List.of(GridConfig.of(12, 2, 6, 9), GridConfig.of(12, 2, 4, 6)
                .withOptions(Map.of("block", "2", "halo", "2", "masked", "true")));
    }

    @TestFactory
    Stream<DynamicTest> golden() {
        return GoldenTests.of(new HaloSystem());
    }

    @Override
    protected boolean hasFusedForm() {
        return false;
    }

    /**
     * A strided query that counts pixels is the query of the full map at its place; the reference's own index is not.
     */
    @Test
    void stridedQueriesWithTrueOffsetsAreThoseOfTheFullMap() {
        try (PointerScope _ = new PointerScope()) {
            Tensor x = torch.randn(2, 6, 8, 12);
            Tensor full = layer(1, false).forward(x);
            Tensor even = Ops.slice(Ops.slice(full, 2, 0, 8, 2), 3, 0, 12, 2);
            assertClose("true offsets", layer(2, true).forward(x), even, 1e-6);
            assertThat(Ops.largestDifference(layer(2, false).forward(x), even)).isGreaterThan(1e-3);
        }
    }

    private static HaloAttention layer(int stride, boolean trueOffsets) {
        Seeds.seedTorch(4, "halo", 0);
        return new HaloAttention(new HaloConfig(6, 8, 2, 5, 4, 2, stride, false, true, false, trueOffsets, false));
    }

    @Test
    void zerosAroundTheImageTakeWeightUnlessTheyAreHidden() {
        try (PointerScope _ = new PointerScope()) {
            Tensor x = torch.randn(1, 8, 8, 8);
            for (boolean masked : new boolean[] {false, true}) {
                HaloAttention layer = new HaloAttention(HaloConfig.of(8, 2, 4, 2).withVariant(false, masked));
                double[] corner = Ops.doubles(layer.weights(x).select(2, 0).sum(new long[] {-1}, false,
                        new ScalarTypeOptional()));
                for (double sum : corner) {
                    if (masked) {
                        assertThat(sum).isCloseTo(1, within(1e-5));
                    } else {
                        assertThat(sum).isLessThan(0.9);
                    }
                }
            }
        }
    }

    /** One output by the definition, pixel by pixel, at a corner where half of the window is outside of the image. */
    @Test
    void aCornersOutputIsTheDefinitions() {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(1, "halo", 0);
            HaloConfig config = new HaloConfig(3, 2, 1, 2, 2, 1, 1, false, false, false, false, false);
            HaloAttention layer = new HaloAttention(config);
            Tensor x = torch.randn(1, 3, 4, 4);
            StringTensorDict weights = layer.named_parameters();
            double[][] queries = project(weights.get("q.weight"), x);
            double[][] packed = project(weights.get("kv.weight"), x);
            double[] height = Ops.doubles(weights.get("pos_embed.height_rel"));
            double[] width = Ops.doubles(weights.get("pos_embed.width_rel"));
            double[] query = queries[1]; // pixel (0, 1) is (0, 1) in the first block, whose window starts at (-1, -1)
            double sum = 0;
            double[] out = new double[2];
            for (int u = 0; u < 4; u++) {
                for (int v = 0; v < 4; v++) {
                    boolean inside = u > 0 && v > 0;
                    double[] key = inside ? packed[(u - 1) * 4 + v - 1] : new double[4];
                    double logit = 0;
                    for (int c = 0; c < 2; c++) {
                        logit += query[c] * (key[c] / Math.sqrt(2) + height[(u + 3) * 2 + c] + width[(v - 1 + 3) * 2
                                + c]);
                    }
                    sum += Math.exp(logit);
                    out[0] += Math.exp(logit) * key[2];
                    out[1] += Math.exp(logit) * key[3];
                }
            }
            Tensor y = layer.forward(x);
            assertClose("corner", y.select(0, 0).select(1, 0).select(1, 1), Ops.of(new float[] {(float) (out[0] / sum),
                (float) (out[1] / sum)}), 1e-5);
        }
    }

    /** (C', C, 1, 1) on (1, C, H, W): a row of channels for each pixel. */
    private static double[][] project(Tensor weight, Tensor x) {
        Tensor rows = x.flatten(2, 3).squeeze(0).t().matmul(weight.flatten(1, 3).t());
        double[] values = Ops.doubles(rows);
        int channels = (int) rows.size(1);
        double[][] pixels = new double[(int) rows.size(0)][channels];
        for (int i = 0; i < values.length; i++) {
            pixels[i / channels][i % channels] = values[i];
        }
        return pixels;
    }

    @Test
    void aHaloLetsABlockSeeItsNeighboursAndNoMore() {
        try (PointerScope _ = new PointerScope()) {
            Tensor x = torch.randn(1, 8, 8, 8);
            Tensor changed = x.clone();
            changed.select(3, 4).select(2, 0).zero_(); // pixel (0, 4), one column right of the first block of 4
            for (int halo : new int[] {0, 1}) {
                Seeds.seedTorch(3, "halo", 0);
                HaloAttention layer = new HaloAttention(HaloConfig.of(8, 2, 4, halo));
                Tensor first = layer.forward(x).narrow(2, 0, 4).narrow(3, 0, 4);
                double moved = Ops.largestDifference(layer.forward(changed).narrow(2, 0, 4).narrow(3, 0, 4),
                        first);
                if (halo == 0) {
                    assertThat(moved).isZero();
                } else {
                    assertThat(moved).isGreaterThan(1e-4);
                }
            }
        }
    }

    @Test
    void networksOfEveryInnerLayerTrain() {
        try (PointerScope _ = new PointerScope()) {
            for (HaloNetConfig.Inner inner : HaloNetConfig.Inner.values()) {
                HaloNet model = new HaloNet(new HaloNetConfig(1, 5, HaloNetConfig.Stem.SMALL_IMAGES, 8,
                        List.of(8L, 16L), List.of(1, 1), inner, 8, 4, 1, 1, 0.25, 12));
                Tensor y = model.forward(torch.randn(2, 1, 16, 16));
                assertThat(y.shape()).containsExactly(2, 5);
                y.sum().backward();
                StringTensorDict parameters = model.named_parameters();
                for (long i = 0; i < parameters.size(); i++) {
                    assertThat(parameters.values().get(i).grad().defined()).as(parameters.keys().get(i).getString())
                            .isTrue();
                }
            }
        }
    }

    @Test
    void whatDoesNotFitIsNamed() {
        assertThatThrownBy(() -> kind().build(GridConfig.of(8, 2, 6, 9).withOptions(Map.of("block", "4")))).hasMessage(
                "a grid of 6x9 tokens does not divide into blocks of 4x4: set the option block");
        try (PointerScope _ = new PointerScope()) {
            HaloAttention layer = new HaloAttention(HaloConfig.of(8, 2, 4, 1));
            assertThatThrownBy(() -> layer.forward(torch.randn(1, 8, 8, 6)))
                    .hasMessageContaining("multiples of the block size 4, got (1, 8, 8, 6)");
        }
        assertThatThrownBy(() -> HaloConfig.of(8, 3, 4, 1)).hasMessage("width 8 is not a multiple of 3 heads");
    }
}
