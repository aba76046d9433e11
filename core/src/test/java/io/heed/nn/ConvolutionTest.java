package io.heed.nn;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;

class ConvolutionTest {
    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        Seeds.seedTorch(5, "convolution", 0);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @ParameterizedTest
    @CsvSource({"1, 3, 5, 1, true", "2, 1, 16, 4, false", "2, 131, 37, 3, true", "3, 300, 64, 4, true",
            "1, 7, 33, 9, false"})
    void shortFusedEqualsComposed(long batch, long length, long channels, long taps, boolean biased) {
        Tensor x = torch.randn(batch, length, channels);
        Tensor weight = torch.randn(channels, 1, taps);
        Tensor bias = biased ? torch.randn(channels) : null;
        Tensor probe = torch.randn(batch, length, channels);
        List<Tensor> composed = outputsAndGradients(x, weight, bias, probe, Form.REFERENCE);
        List<Tensor> fused = outputsAndGradients(x, weight, bias, probe, Form.FUSED);
        for (int i = 0; i < composed.size(); i++) {
            double size = Math.max(1, composed.get(i).abs().max().item_double());
            assertThat(Ops.largestDifference(fused.get(i), composed.get(i)) / size).as("tensor %d", i).isLessThan(1e-5);
        }
    }

    @Test
    void shortConvolutionSeesTheLastTokensOnlyAndWeighsTheCurrentOneLast() {
        Tensor x = Ops.of(new float[] {1, 10, 100, 1000}, 1, 4, 1);
        Tensor weight = Ops.of(new float[] {3, 2, 1}, 1, 3);
        assertThat(Ops.floats(ShortConvolution.apply(x, weight, null, Form.AUTO))).containsExactly(1, 12, 123, 1230);
    }

    @Test
    void shortConvolutionGoesOnFromItsHistory() {
        ShortConvolution convolution = new ShortConvolution(6, 4, true);
        Tensor x = torch.randn(2, 11, 6);
        Tensor whole = convolution.forward(x, Form.AUTO);
        Tensor history = convolution.history(2);
        List<Tensor> parts = new ArrayList<>();
        for (long[] run : new long[][] {{0, 1}, {1, 3}, {3, 9}, {9, 10}, {10, 11}}) {
            ShortConvolution.Extension next = convolution.extend(Ops.slice(x, 1, run[0], run[1]), history);
            history = next.history();
            parts.add(next.out());
        }
        assertThat(Ops.largestDifference(Ops.cat(1, parts.toArray(Tensor[]::new)), whole)).isLessThan(1e-6);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "5, 5", "17, 17", "64, 40", "33, 64"})
    void longConvolutionIsTheSumOfItsDefinition(long length, long taps) {
        Tensor x = torch.randn(new long[] {2, length, 3}, Ops.options(ScalarType.Double));
        Tensor filter = torch.randn(new long[] {taps, 3}, Ops.options(ScalarType.Double));
        assertThat(Ops.largestDifference(LongConvolution.apply(x, filter), LongConvolution.direct(x, filter)))
                .isLessThan(1e-10);
    }

    @Test
    void longConvolutionBroadcastsItsFilter() {
        Tensor x = torch.randn(2, 9, 4, 3);
        Tensor filter = torch.randn(9, 4, 1);
        assertThat(Ops.largestDifference(LongConvolution.apply(x, filter), LongConvolution.direct(x, filter)))
                .isLessThan(1e-5);
    }

    /** Long transforms are cut into blocks of channels: as the first channels alone, and with their gradients. */
    @Test
    void longConvolutionDoesNotDependOnHowChannelsAreCut() {
        long[][] shapes = {{2, 5000, 37}, {1, 5000, 11, 2, 2}, {1, 5000, 1, 20}};
        long[][] filters = {{4000, 37}, {5000, 11, 1, 1}, {5000, 2, 20}};
        for (int i = 0; i < shapes.length; i++) {
            Tensor x = torch.randn(shapes[i]).requires_grad_(true);
            Tensor filter = torch.randn(filters[i]).mul(new Scalar(0.02)).detach().requires_grad_(true);
            Tensor y = LongConvolution.apply(x, filter);
            y.square().sum().backward();
            long last = y.dim() - 1;
            for (long channel : new long[] {0, y.size(last) - 1}) { // of the last dimension, alone: nothing is cut
                Tensor one = x.detach().narrow(last, channel, 1).requires_grad_(true);
                Tensor own = filter.detach().size(-1) == 1 ? filter.detach()
                        : filter.detach().narrow(filter.dim() - 1, channel, 1);
                Tensor alone = LongConvolution.apply(one, own);
                alone.square().sum().backward();
                assertThat(Ops.largestDifference(y.narrow(last, channel, 1), alone)).isLessThan(1e-4);
                assertThat(Ops.largestDifference(x.grad().narrow(last, channel, 1), one.grad())).isLessThan(1e-3);
            }
        }
    }

    private static List<Tensor> outputsAndGradients(Tensor x, Tensor weight, Tensor bias, Tensor probe, Form form) {
        List<Tensor> leaves = new ArrayList<>();
        leaves.add(x.clone().requires_grad_(true));
        leaves.add(weight.clone().requires_grad_(true));
        if (bias != null) {
            leaves.add(bias.clone().requires_grad_(true));
        }
        Tensor y = ShortConvolution.apply(leaves.get(0), leaves.get(1), bias == null ? null : leaves.get(2), form);
        y.mul(probe).sum().backward();
        List<Tensor> all = new ArrayList<>(List.of(y));
        leaves.forEach(leaf -> all.add(leaf.grad()));
        return all;
    }
}
