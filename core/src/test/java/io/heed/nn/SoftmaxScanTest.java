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

import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class SoftmaxScanTest {
    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        torch.manual_seed(3);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void outputsAreSoftmaxOverEveryPrefix() {
        Tensor scores = torch.randn(2, 3, 37).mul(new Scalar(3.0));
        Tensor values = torch.randn(2, 3, 37, 5);
        Tensor hidden = Ops.causalMask(37, 37);
        Tensor expected = Ops.fill(scores.unsqueeze(2).expand(2, 3, 37, 37), hidden, Double.NEGATIVE_INFINITY)
                .softmax(-1).matmul(values);
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            assertThat(Ops.largestDifference(SoftmaxScan.outputs(scores, values, form), expected)).as("%s", form)
                    .isLessThan(1e-6);
        }
    }

    @Test
    void bothFormsGiveTheSameStatesAndGradients() {
        for (long length : new long[] {1, 2, 37, 200}) {
            for (boolean padded : new boolean[] {false, true}) {
                compare(length, padded);
            }
        }
    }

    private static void compare(long length, boolean padded) {
        List<List<Tensor>> results = new ArrayList<>();
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            torch.manual_seed(length);
            Tensor scores = torch.randn(2, 3, length).mul(new Scalar(30.0)).requires_grad_(true);
            Tensor values = torch.randn(2, 3, length, 5).requires_grad_(true);
            Tensor maximum = torch.randn(2, 3).mul(new Scalar(30.0)).requires_grad_(true);
            Tensor normaliser = torch.rand(2, 3).add(new Scalar(1.0)).requires_grad_(true);
            Tensor weighted = torch.randn(2, 3, 5).requires_grad_(true);
            Tensor hidden = torch.rand(2, 1, length).lt(new Scalar(padded ? 0.4 : 0.0));
            Tensor seen = Ops.fill(scores, hidden, Double.NEGATIVE_INFINITY);
            SoftmaxScan.Result streamed = SoftmaxScan.scan(seen, values,
                    new SoftmaxState(maximum, normaliser, weighted), form);
            SoftmaxScan.Result all = SoftmaxScan.prefixes(seen, values, form);
            Tensor outputs = SoftmaxScan.outputs(seen, values, form);
            List<Tensor> given = List.of(streamed.out(), streamed.states().maximum(), streamed.states().normaliser(),
                    streamed.states().weighted(), all.out(), finite(all.states().maximum()), all.states().normaliser(),
                    all.states().weighted(), outputs);
            Tensor loss = torch.zeros(1);
            for (Tensor output : given) {
                loss = loss.add(output.mul(torch.randn(output.shape())).sum());
            }
            loss.backward();
            List<Tensor> result = new ArrayList<>(given);
            for (Tensor leaf : List.of(scores, values, maximum, normaliser, weighted)) {
                result.add(leaf.grad());
            }
            results.add(result);
        }
        for (int i = 0; i < results.get(0).size(); i++) {
            Tensor expected = results.get(0).get(i);
            double size = Math.max(1, expected.abs().max().item_double());
            assertThat(Ops.largestDifference(results.get(1).get(i), expected) / size)
                    .as("tensor %d at length %d, padded %s", i, length, padded).isLessThan(2e-5);
        }
    }

    /** -inf as a large number, so that differences and products stay numbers. */
    private static Tensor finite(Tensor maximum) {
        return Ops.fill(maximum, maximum.isneginf(), -1e3);
    }

    @Test
    void gradientsOfAllStatesEqualNumericalOnes() {
        Tensor scores = torch.randn(1, 1, 6).to(ScalarType.Double).requires_grad_(true);
        Tensor values = torch.randn(1, 1, 6, 2).to(ScalarType.Double);
        loss(scores, values).backward();
        double[] analytic = Ops.doubles(scores.grad());
        for (int i = 0; i < analytic.length; i++) {
            double[] moved = Ops.doubles(scores);
            moved[i] += 1e-6;
            double above = loss(Ops.of(moved, 1, 1, 6), values).item_double();
            moved[i] -= 2e-6;
            double below = loss(Ops.of(moved, 1, 1, 6), values).item_double();
            assertThat((above - below) / 2e-6).as("score %d", i).isCloseTo(analytic[i],
                    within(1e-6));
        }
    }

    private static Tensor loss(Tensor scores, Tensor values) {
        SoftmaxScan.Result result = SoftmaxScan.prefixes(scores, values, Form.AUTO);
        return result.out().square().sum().add(result.states().maximum().mul(result.states().normaliser()).sum())
                .add(result.states().weighted().square().sum());
    }

    @Test
    void stateOfAUnionIsTheMergeOfStates() {
        Tensor scores = torch.randn(1, 2, 20).mul(new Scalar(60.0));
        Tensor values = torch.randn(1, 2, 20, 4);
        SoftmaxState whole = SoftmaxScan.prefixes(scores, values, Form.REFERENCE).states().last();
        SoftmaxState merged = SoftmaxState.empty(1, 2, 4, values.options());
        for (int[] cut : new int[][] {{13, 20}, {0, 5}, {5, 13}}) { // any order
            merged = merged.merge(SoftmaxScan.prefixes(Ops.slice(scores, 2, cut[0], cut[1]),
                    Ops.slice(values, 2, cut[0], cut[1]), Form.FUSED).states().last());
        }
        assertThat(Ops.largestDifference(merged.output(), whole.output())).isLessThan(1e-6);
        SoftmaxState nothing = SoftmaxState.empty(1, 2, 4, values.options());
        assertThat(Ops.largestDifference(nothing.merge(nothing).output(), torch.zeros(1, 2, 4))).as("0, not NaN")
                .isZero();
    }

    @Test
    void risingScoresKeepEarlyPrefixes() {
        Tensor scores = torch.arange(new Scalar(2000)).to(ScalarType.Float).view(1, 1, 2000);
        Tensor values = torch.ones(1, 1, 2000, 1);
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            assertThat(Ops.largestDifference(SoftmaxScan.outputs(scores, values, form), values)).as("%s", form)
                    .isLessThan(1e-6);
        }
    }

    @Test
    void shapesThatDoNotFitAreNamed() {
        assertThatThrownBy(() -> SoftmaxScan.outputs(torch.randn(1, 2, 3), torch.randn(1, 2, 4, 5), Form.AUTO))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("(1, 2, 3)")
                .hasMessageContaining("(1, 2, 4, 5)");
    }
}
