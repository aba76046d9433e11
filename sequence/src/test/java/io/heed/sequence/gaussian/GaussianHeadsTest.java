package io.heed.sequence.gaussian;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
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

import io.heed.tensor.Ops;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class GaussianHeadsTest {
    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        torch.manual_seed(11);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void theCollectedExponentGivesTheProductAndItsGradients() {
        Tensor[] leaves = {torch.randn(3, 31, 5), torch.rand(3, 1, 5), torch.randn(4), torch.rand(4)};
        Tensor probe = torch.randn(3, 31, 5);
        for (Tensor leaf : leaves) {
            leaf.add_(new Scalar(0.5)).requires_grad_(true);
        }
        Tensor collected = new Densities(leaves[2], leaves[3]).product(leaves[0], leaves[1]);
        Tensor written = asWritten(leaves[0], leaves[1], leaves[2], leaves[3]);
        assertThat(Ops.largestDifference(collected, written)).isLessThan(1e-5 * written.max().item_double());
        TensorVector gradients = torch.grad(new TensorVector(collected.mul(probe)), new TensorVector(leaves),
                new TensorVector(torch.ones_like(probe)), null, false, false);
        TensorVector expected = torch.grad(new TensorVector(written.mul(probe)), new TensorVector(leaves),
                new TensorVector(torch.ones_like(probe)), null, false, false);
        for (int i = 0; i < leaves.length; i++) {
            assertThat(Ops.largestDifference(gradients.get(i), expected.get(i)) / expected.get(i).abs().max()
                    .item_double()).as("gradient %d", i).isLessThan(2e-5);
        }
    }

    /** The densities one by one. */
    private static Tensor asWritten(Tensor deviation, Tensor variance, Tensor offsets, Tensor widths) {
        Tensor product = torch.ones_like(deviation);
        for (long g = 0; g < widths.size(0); g++) {
            Tensor square = widths.select(0, g).square();
            Tensor y = deviation.sub(offsets.select(0, g)).div(variance.sqrt());
            product = product.mul(y.square().div(Ops.scale(square, 2)).neg().exp())
                    .div(Ops.scale(square, 2 * Math.PI).sqrt());
        }
        return product;
    }

    @Test
    void unlessTheClampActsWeightsAreASoftmaxOfTheExponents() {
        GaussianHead head = new GaussianHead(1, 2, null, 1e-8);
        fill(head);
        Tensor x = torch.randn(2, 13, 3);
        Tensor weights = head.forward(x).weights();
        assertThat(Ops.largestDifference(weights.sum(1), torch.ones(2, 3))).isLessThan(1e-5);
        double[] offsets = Ops.doubles(Weights.of(head).get("mean_offsets"));
        double[] widths = Ops.doubles(Weights.of(head).get("c"));
        Tensor mean = x.mean(new long[] {1}, true, new ScalarTypeOptional());
        Tensor variance = x.var(new long[] {1}, true, true);
        Tensor exponent = torch.zeros(x.sizes());
        for (int g = 0; g < 2; g++) {
            Tensor y = Ops.shift(x.sub(mean), -offsets[g]).div(variance.sqrt());
            exponent = exponent.sub(Ops.scale(y.square(), 1 / (2 * widths[g] * widths[g])));
        }
        assertThat(Ops.largestDifference(weights, torch.softmax(exponent, 1))).isLessThan(1e-5);
    }

    @Test
    void whereTheDensitiesUnderflowTheOutputVanishesInsteadOfBeingNormalised() {
        GaussianHead head = new GaussianHead(1, 1, null, 1e-8);
        try (NoGradGuard _ = new NoGradGuard()) {
            Weights.of(head).get("mean_offsets").fill_(new Scalar(60));
            Weights.of(head).get("c").fill_(new Scalar(1));
        }
        GaussianHead.Result result = head.forward(torch.randn(1, 9, 4));
        assertThat(result.weights().sum().item_double()).as("no softmax shortcut").isLessThan(1e-3);
    }

    @Test
    void paddedEntriesPassThroughAndTheLastHeadTakesTheRemainder() {
        GaussianHeads heads = new GaussianHeads(1, 4, 1, -7.0);
        Tensor x = torch.randn(1, 11, 3);
        x.select(1, 10).fill_(new Scalar(-7));
        Tensor y = heads.forward(x);
        assertThat(Ops.largestDifference(y.select(1, 10), x.select(1, 10))).isZero();
        Tensor weights = heads.weights(x);
        assertThat(weights.narrow(1, 0, 2).sum(1).select(1, 0).item_double()).as("the first slice has two entries")
                .isCloseTo(1, within(1e-5));
        assertThat(weights.narrow(1, 6, 5).sum(1).select(1, 0).item_double()).as("the last slice has five")
                .isCloseTo(1, within(1e-5));
        assertThatThrownBy(() -> heads.forward(torch.randn(1, 3, 3))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("fewer entries than there are heads");
    }

    @Test
    void aBlockKeepsShapesOfAnyRank() {
        GaussianBlock block = new GaussianBlock(List.of(new GaussianBlock.Layer(-1, 2, 3),
                new GaussianBlock.Layer(0, 1, 2)), null);
        assertThat(block.forward(torch.randn(7, 5)).shape()).containsExactly(7, 5);
        assertThat(block.forward(torch.randn(3, 2, 2, 6)).shape()).containsExactly(3, 2, 2, 6);
    }

    @Test
    void gatesOfTimeAverageTheTimesAndShareTheGate() {
        LayerGates gates = new LayerGates(6, 4, 2);
        Tensor x = torch.randn(3, 6, 5, 4);
        Tensor gate = gates.gates(x);
        assertThat(gate.shape()).containsExactly(3, 6, 4);
        assertThat(gate.le(new Scalar(1)).all().item_bool()).isTrue();
        assertThat(Ops.largestDifference(gates.forward(x).select(2, 3), x.select(2, 3).mul(gate))).isZero();
        assertThatThrownBy(() -> new LayerGates(7, 4, 2))
                .hasMessageContaining("7 layers are not a multiple of 2 heads");
    }

    @Test
    void importanceFactorsRankLayers() {
        ImportanceFactor factor = new ImportanceFactor(3, 1);
        factor.add(Ops.of(new double[] {0.1, 0.6, 0.35, 0.3, 0.4, 0.35}, 2, 3, 1));
        assertThat(factor.values()[0][0]).isCloseTo(0, within(1e-12));
        assertThat(factor.values()[1][0]).isCloseTo(1, within(1e-12));
        assertThat(factor.values()[2][0]).isCloseTo(0.5, within(1e-12));
        assertThat(factor.ranking()).containsExactly(1, 2, 0);
        assertThatThrownBy(() -> new ImportanceFactor(1, 1).values()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theExperimentsClassifierHasTheScriptsParameters() {
        GaussianClassifier classifier = GaussianClassifier.ofGates(24, 1024, 8, 4);
        long convolutions = Weights.parameters(classifier).entrySet().stream()
                .filter(entry -> !entry.getKey().startsWith("fc.")).mapToLong(entry -> entry.getValue().numel()).sum();
        assertThat(convolutions).isEqualTo(238_104);
        assertThat(classifier.forward(torch.randn(2, 24, 1024)).shape()).containsExactly(2, 4);
    }

    private static void fill(Module module) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Weights.of(module).forEach((name, tensor) -> {
                if (name.endsWith("mean_offsets")) {
                    tensor.normal_(0, 0.3, null);
                } else {
                    tensor.uniform_(0.8, 2, null);
                }
            });
        }
        module.to(ScalarType.Float, false);
    }
}
