package io.heed.sequence.randomfeature;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.heed.sequence.StudyTraining;
import io.heed.tensor.Ops;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class RandomFeatureLayerTest {
    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        torch.manual_seed(4);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void featuresAreTheMeanOfReluTimesTheKeysWithAOne() {
        RandomFeatures features = new RandomFeatures(3, 4, 0.5, 1, Score.RELU);
        Tensor x = Target.samples(2, 5, 4);
        double[][][] w = cube(features.weights());
        double[][][] tokens = cube(x);
        double[][][] actual = cube(features.forward(x));
        for (int b = 0; b < 2; b++) {
            for (int m = 0; m < 3; m++) {
                double[] expected = new double[5];
                for (int i = 1; i <= 5; i++) {
                    double score = 0;
                    for (int r = 0; r <= 4; r++) {
                        for (int c = 0; c <= 4; c++) {
                            score += (r < 4 ? tokens[b][0][r] : 1) * w[m][r][c] * (c < 4 ? tokens[b][i][c] : 1);
                        }
                    }
                    for (int c = 0; c <= 4; c++) {
                        expected[c] += Math.max(0, score) * (c < 4 ? tokens[b][i][c] : 1) / 5;
                    }
                }
                assertThat(actual[b][m]).containsExactly(expected, within(1e-5));
            }
        }
    }

    @Test
    void scoresOfUnitTokensHaveVarianceOneAndTheBiasIsTheirProduct() {
        Tensor x = Target.samples(1, 1, 6);
        double similarity = x.select(1, 0).mul(x.select(1, 1)).sum().item_double();
        for (double bias : new double[] {0, 1}) {
            Tensor w = new RandomFeatures(20_000, 6, 0.5, bias, Score.RELU).weights();
            Tensor one = Ops.cat(1, x.select(0, 0), torch.ones(2, 1));
            Tensor scores = w.matmul(one.select(0, 1)).matmul(one.select(0, 0));
            assertThat(scores.mean().item_double()).isCloseTo(bias * similarity, within(0.03));
            assertThat(scores.var(true).item_double()).isCloseTo(1, within(0.05));
        }
    }

    @Test
    void keysHaveNoOrderForTheLayerButHaveForTheNetwork() {
        Tensor x = Target.samples(6, 7, 4);
        Tensor shuffled = x.index_select(1, Ops.of(new long[] {0, 5, 3, 7, 1, 2, 6, 4}));
        RandomFeatures features = new RandomFeatures(20, 4, 0.5, 0, Score.RELU);
        assertThat(Ops.largestDifference(features.forward(x), features.forward(shuffled))).isLessThan(1e-6);
        RandomNetwork network = new RandomNetwork(100, 7, 4);
        assertThat(Ops.largestDifference(network.rows(x), network.rows(shuffled))).isGreaterThan(0.1);
    }

    @Test
    void dualAndNormalEquationsAgreeAndAreTheMinimum() {
        Tensor phi = torch.randn(40, 40).to(ScalarType.Double);
        Tensor y = torch.randn(40, 2).to(ScalarType.Double);
        for (int features : new int[] {25, 39, 40}) {
            Tensor some = phi.narrow(1, 0, features);
            Tensor few = phi.narrow(0, 0, 30).narrow(1, 0, features);
            for (Tensor rows : new Tensor[] {some, few}) {
                Tensor targets = y.narrow(0, 0, rows.size(0));
                Tensor fitted = new Ridge(rows, targets).fit(0.1);
                Tensor gradient = rows.transpose(0, 1).matmul(rows.matmul(fitted).sub(targets));
                Tensor slope = Ops.scale(gradient, 1.0 / rows.size(0)).add(Ops.scale(fitted, 0.1));
                assertThat(slope.abs().max().item_double()).as("%d features", features).isLessThan(1e-12);
            }
        }
    }

    @Test
    void gradientsFindWhatRidgeRegressionFinds() {
        Tensor x = Target.samples(120, 6, 4);
        Tensor y = Target.keyPower(2).values(x);
        RandomFeatures features = new RandomFeatures(10, 4, 0.5, 0, Score.RELU);
        RandomFeatureLayer layer = new RandomFeatureLayer(features, Score.RELU);
        Tensor frozen = features.weights().clone();
        double lambda = 1e-2;
        StudyTraining.train(layer, new RegressionTask(x, y, x, y, 120, lambda),
                StudyTraining.config(600, 3e-2, 0).withWeightDecay(0, false));
        Tensor rows = features.rows(x);
        Tensor ridge = new Ridge(rows, y.unsqueeze(1)).fit(lambda);
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor byGradients = layer.values().flatten().unsqueeze(1).to(ScalarType.Double);
            double best = Ridge.error(rows, ridge, y.unsqueeze(1)).item_double() + lambda * ridge.square().sum()
                    .item_double();
            double found = Ridge.error(rows, byGradients, y.unsqueeze(1)).item_double()
                    + lambda * byGradients.square().sum().item_double();
            assertThat(found).isGreaterThanOrEqualTo(best - 1e-6).isLessThan(1.1 * best);
        }
        assertThat(torch.equal(frozen, Weights.of(layer).get("W"))).as("W is frozen").isTrue();
    }

    @Test
    void targetsHaveUnitVarianceAndTurnWithTheAngle() {
        Tensor x = Target.samples(4000, 5, 4);
        for (Target target : new Target[] {Target.keyPower(3), Target.product(2, 1), Target.rotated(1)}) {
            assertThat(target.values(x).var(true).item_double()).as(target.title()).isCloseTo(1, within(0.15));
        }
        assertThat(Ops.largestDifference(Target.rotated(0).values(x), Target.product(3, 1).values(x))).isLessThan(1e-5);
        assertThat(Ops.largestDifference(Target.rotated(0).values(x), Target.rotated(1).values(x))).isGreaterThan(0.1);
    }

    @Test
    void anotherWidthIsRefused() {
        assertThatThrownBy(() -> new RandomFeatures(3, 4, 0.5, 0, Score.RELU).forward(torch.randn(2, 5, 6)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("(B, 1 + N, 4)");
    }

    private static double[][][] cube(Tensor x) {
        double[] flat = Ops.doubles(x);
        double[][][] cube = new double[(int) x.size(0)][(int) x.size(1)][(int) x.size(2)];
        int at = 0;
        for (double[][] plane : cube) {
            for (double[] row : plane) {
                for (int i = 0; i < row.length; i++) {
                    row[i] = flat[at++];
                }
            }
        }
        return cube;
    }
}
