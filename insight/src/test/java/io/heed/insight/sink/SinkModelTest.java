package io.heed.insight.sink;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import io.heed.insight.AttentionStatistics;
import io.heed.insight.Probe;
import io.heed.nn.AttentionObserver;
import io.heed.nn.Form;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class SinkModelTest {
    private static final AttentionObserver NOBODY = new AttentionObserver() { };
    private static final int LENGTH = 21;
    private static final SinkConfig BASE = new SinkConfig(13, 2, 24, 4, 2, 20, SinkConfig.MlpKind.SWIGLU,
            SinkConfig.NormKind.RMS,
            1e-5, SinkConfig.Placement.PRE, false, SinkConfig.Positions.ROTARY, 1, 10_000, 32, new Mechanism.Softmax(),
            0, 0, false);

    private PointerScope scope;

    @BeforeEach
    void openScope() {
        scope = new PointerScope();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    static Stream<Mechanism> mechanisms() {
        Stream<Mechanism> plain = Stream.of(new Mechanism.Softmax(), new Mechanism.OffByOne(),
                new Mechanism.KeyValueBias(true, true, true), new Mechanism.KeyValueBias(true, false, true),
                new Mechanism.KeyValueBias(true, false, false), new Mechanism.KeyValueBias(false, true, false),
                new Mechanism.KeyValueBias(false, true, true));
        Stream<Mechanism> similarities = Stream.of(Mechanism.Similarity.Function.values()).flatMap(function ->
                Stream.of(new Mechanism.Similarity(function, false), new Mechanism.Similarity(function, true)));
        Stream<Mechanism> kernels = Stream.of(Mechanism.Kernel.Feature.values()).flatMap(feature ->
                Stream.of(new Mechanism.Kernel(feature, false), new Mechanism.Kernel(feature, true)));
        return Stream.of(plain, similarities, kernels).flatMap(stream -> stream);
    }

    @ParameterizedTest
    @MethodSource("mechanisms")
    void bothFormsGiveTheSameOutputsAndGradients(Mechanism mechanism) {
        for (int window : new int[] {0, 5}) {
            SinkModel model = model(BASE.withMechanism(mechanism).withVisible(0, window));
            Tensor tokens = tokens(1);
            Tensor probe = torch.randn(2, LENGTH, 13);
            model.forward(tokens, Form.REFERENCE, NOBODY).mul(probe).sum().backward();
            Map<String, Tensor> weights = Weights.parameters(model);
            Map<String, Tensor> expected = new LinkedHashMap<>();
            weights.forEach((name, weight) -> {
                if (weight.grad().defined()) {
                    expected.put(name, weight.grad().clone());
                    weight.mutable_grad().zero_();
                }
            });
            Tensor fused = model.forward(tokens, Form.AUTO, NOBODY);
            fused.mul(probe).sum().backward();
            assertThat(Ops.largestDifference(fused, model.forward(tokens, Form.REFERENCE, NOBODY))).isLessThan(2e-4);
            expected.forEach((name, gradient) -> assertThat(Ops.largestDifference(weights.get(name).grad(), gradient))
                    .as("%s, window %d", name, window)
                    .isLessThan(2e-4 * Math.max(1, gradient.abs().max().item_double())));
        }
    }

    @ParameterizedTest
    @MethodSource("mechanisms")
    void laterTokensChangeNothingBefore(Mechanism mechanism) {
        SinkModel model = model(BASE.withMechanism(mechanism));
        Tensor tokens = tokens(1);
        Tensor changed = torch.cat(new TensorVector(tokens.narrow(1, 0, 9), tokens(2).narrow(1, 9, LENGTH - 9)), 1);
        assertThat(Ops.largestDifference(model.forward(changed).narrow(1, 0, 9), model.forward(tokens).narrow(1, 0, 9)))
                .isLessThan(1e-5);
        assertThat(Ops.largestDifference(model.forward(changed), model.forward(tokens))).isGreaterThan(1e-3);
    }

    @ParameterizedTest
    @MethodSource("mechanisms")
    void rowsOfAMapSumToOneAndStatisticsAgreeWithIt(Mechanism mechanism) {
        SinkModel model = model(BASE.withMechanism(mechanism));
        Tensor tokens = tokens(1);
        Tensor maps = model.maps(tokens);
        int front = mechanism.front();
        assertThat(maps.shape()).containsExactly(2, 2, 4, LENGTH + front, LENGTH + front);
        assertThat(Ops.largestDifference(maps.tril(), maps)).as("nothing above the diagonal").isZero();
        for (double sum : Ops.doubles(maps.sum(new long[] {-1}, false, new ScalarTypeOptional()))) {
            boolean silent = sum == 0 && mechanism instanceof Mechanism.Kernel; // an MLP's features may all be 0
            assertThat(silent ? 1 : sum).isCloseTo(1, within(1e-3));
        }
        AttentionStatistics found = new Probe(model).summarise(tokens).layers().get(1);
        assertThat(found.length()).isEqualTo(LENGTH + front);
        // the statistics leave out the row of the learned key's own query
        Tensor real = maps.select(1, 1).narrow(2, front, LENGTH);
        double[] alpha = Ops.doubles(real.select(3, front).sum(new long[] {-1}, false, new ScalarTypeOptional()));
        for (int h = 0; h < 4; h++) {
            assertThat(found.alpha(h, front)).isCloseTo((alpha[h] + alpha[4 + h]) / 2 / LENGTH, within(1e-4));
        }
    }

    @Test
    void aKeyOfZerosInFrontIsSoftmaxOffByOne() {
        SinkModel off = model(BASE.withMechanism(new Mechanism.OffByOne()));
        SinkModel bias = model(BASE.withMechanism(new Mechanism.KeyValueBias(true, false, true)));
        Map<String, Tensor> weights = Weights.parameters(bias);
        try (NoGradGuard _ = new NoGradGuard()) {
            Weights.parameters(off).forEach((name, weight) -> weights.get(name).copy_(weight));
            weights.forEach((name, weight) -> {
                if (name.endsWith("k_bias")) {
                    weight.zero_();
                }
            });
        }
        Tensor tokens = tokens(1);
        assertThat(Ops.largestDifference(off.forward(tokens), bias.forward(tokens))).isLessThan(1e-5);
        // the first token's own weight is e^z / (1 + e^z), the bias takes the rest
        double[] first = Ops.doubles(off.maps(tokens).select(3, 1).select(0, 0).select(0, 0).narrow(1, 0, 2));
        assertThat(first[0] + first[1]).isCloseTo(1, within(1e-5));
        assertThat(first[1]).isBetween(0.01, 0.99);
    }

    @Test
    void aPrefixIsSeenByAllAndAWindowHidesTheFarPast() {
        Tensor tokens = tokens(1);
        Tensor prefix = model(BASE.withVisible(4, 0)).maps(tokens);
        Tensor window = model(BASE.withVisible(0, 5)).maps(tokens);
        double[] p = Ops.doubles(prefix.select(0, 0).select(0, 0).select(0, 0));
        double[] w = Ops.doubles(window.select(0, 0).select(0, 0).select(0, 0));
        for (int i = 0; i < LENGTH; i++) {
            for (int j = 0; j < LENGTH; j++) {
                assertThat(p[i * LENGTH + j] > 0).as("prefix %d %d", i, j).isEqualTo(j <= i || j < 4);
                assertThat(w[i * LENGTH + j] > 0).as("window %d %d", i, j).isEqualTo(j <= i && j > i - 5);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(SinkConfig.Positions.class)
    void positionsTellOrderApartUnlessThereAreNone(SinkConfig.Positions positions) {
        SinkModel model = model(BASE.withPositions(positions));
        Tensor tokens = tokens(1);
        Tensor swapped = torch.cat(new TensorVector(tokens.narrow(1, 1, 1), tokens.narrow(1, 0, 1),
                tokens.narrow(1, 2, LENGTH - 2)), 1);
        assertThat(tokens.equal(swapped)).isFalse();
        // in one layer without positions the order of earlier tokens makes no difference
        SinkModel one = model(new SinkConfig(13, 1, 24, 4, 4, 20, SinkConfig.MlpKind.SWIGLU, SinkConfig.NormKind.RMS,
                1e-5,
                SinkConfig.Placement.PRE, false, positions, 1, 10_000, 32, new Mechanism.Softmax(), 0, 0, false));
        double difference = Ops.largestDifference(one.forward(swapped).select(1, 10), one.forward(tokens)
                .select(1, 10));
        if (positions == SinkConfig.Positions.NONE) {
            assertThat(difference).isLessThan(1e-5);
        } else {
            assertThat(difference).isGreaterThan(1e-5);
        }
        assertThat(torch.isfinite(model.forward(tokens)).all().item_bool()).isTrue();
    }

    @Test
    void everyMlpPlacementAndNormRuns() {
        Tensor tokens = tokens(1);
        for (SinkConfig.MlpKind mlp : SinkConfig.MlpKind.values()) {
            SinkModel model = model(BASE.withMlp(mlp));
            assertThat(model.forward(tokens).shape()).containsExactly(2, LENGTH, 13);
        }
        List<Tensor> outputs = Stream.of(SinkConfig.Placement.values())
                .map(placement -> model(BASE.withPlacement(placement)).forward(tokens)).toList();
        for (int i = 1; i < outputs.size(); i++) {
            assertThat(Ops.largestDifference(outputs.get(0), outputs.get(i))).isGreaterThan(1e-3);
        }
    }

    @Test
    void aSinkTokenStandsInFrontOfTheSequence() {
        SinkModel model = model(BASE.withSinkToken());
        Tensor tokens = tokens(1);
        assertThat(model.forward(tokens).shape()).containsExactly(2, LENGTH, 13);
        assertThat(model.maps(tokens).size(-1)).isEqualTo(LENGTH + 1);
        assertThat(Weights.parameters(model)).containsKey("sink_token");
    }

    @Test
    void theMetricDividesByTheQueriesThatSeeAKey() {
        Tensor uniform = torch.ones(4, 4).tril().div(torch.arange(new Scalar(1), new Scalar(5)).unsqueeze(1))
                .view(1, 1, 1, 4, 4);
        double[] alpha = Ops.doubles(SinkMetric.alpha(uniform));
        assertThat(alpha[0]).isCloseTo((1 + 0.5 + 1.0 / 3 + 0.25) / 4, within(1e-6));
        assertThat(alpha[3]).isCloseTo(0.25, within(1e-6));
        assertThat(Ops.doubles(SinkMetric.sink(SinkMetric.alpha(uniform), 0.4))).containsExactly(1, 0, 0, 0);
    }

    @Test
    void aBiasWithoutKeyAndValueIsRefused() {
        assertThatThrownBy(() -> new Mechanism.KeyValueBias(false, false, true))
                .hasMessageContaining("k_bias and v_bias are false");
        assertThatThrownBy(() -> BASE.withVisible(3, 4)).hasMessageContaining("cannot be had together");
    }

    private static Tensor tokens(int seed) {
        torch.manual_seed(seed);
        return torch.randint(0, 13, new long[] {2, LENGTH}, Ops.options(ScalarType.Long));
    }

    private static SinkModel model(SinkConfig config) {
        Seeds.seedTorch(9, "weights", 0);
        return new SinkModel(config);
    }
}
