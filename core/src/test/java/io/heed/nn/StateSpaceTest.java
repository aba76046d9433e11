package io.heed.nn;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class StateSpaceTest {
    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        Seeds.seedTorch(1, "state space", 0);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 64, 101})
    void recurrenceFormsAgreeWithTheLoopOverTokens(int length) {
        Tensor gates = torch.rand(2, length, 9).requires_grad_(true);
        Tensor inputs = torch.randn(2, length, 9).requires_grad_(true);
        Tensor initial = torch.randn(2, 9).requires_grad_(true);
        Tensor state = initial;
        List<Tensor> loop = new ArrayList<>();
        for (int t = 0; t < length; t++) {
            state = gates.select(1, t).mul(state).add(inputs.select(1, t));
            loop.add(state);
        }
        Tensor expected = Ops.stack(1, loop.toArray(Tensor[]::new));
        Tensor probe = torch.randn_like(expected);
        List<Tensor> wanted = gradients(expected.mul(probe).sum(), gates, inputs, initial);
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            Tensor states = DiagonalRecurrence.states(gates, inputs, initial, form);
            assertThat(Ops.largestDifference(states, expected)).as("states, %s", form).isLessThan(1e-5);
            List<Tensor> got = gradients(states.mul(probe).sum(), gates, inputs, initial);
            for (int i = 0; i < 3; i++) {
                assertThat(Ops.largestDifference(got.get(i), wanted.get(i))).as("gradient %d, %s", i, form)
                        .isLessThan(5e-5);
            }
            Tensor fromZero = DiagonalRecurrence.states(gates, inputs, null, form);
            assertThat(Ops.largestDifference(fromZero.select(1, 0), inputs.select(1, 0))).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 3, 2, false", "37, 17, 16, false", "70, 5, 4, true"})
    void selectiveFormsAgree(int length, int channels, int states, boolean shared) {
        Tensor[] leaves = {torch.randn(2, length, channels), torch.rand(2, length, channels),
            torch.rand(channels, shared ? 1 : states).mul(new Scalar(-2)), torch.randn(2, length, states),
            torch.randn(2, length, states), torch.randn(2, channels, states)};
        for (Tensor leaf : leaves) {
            leaf.requires_grad_(true);
        }
        SelectiveStateSpace.Input input =
                new SelectiveStateSpace.Input(leaves[0], leaves[1], leaves[2], leaves[3], leaves[4]);
        SelectiveStateSpace.Result expected = SelectiveStateSpace.withState(input, leaves[5], Form.REFERENCE);
        SelectiveStateSpace.Result fused = SelectiveStateSpace.withState(input, leaves[5], Form.FUSED);
        assertThat(Ops.largestDifference(fused.y(), expected.y())).isLessThan(1e-4);
        assertThat(Ops.largestDifference(fused.last(), expected.last())).isLessThan(1e-4);
        Tensor probe = torch.randn_like(expected.y());
        Tensor lastProbe = torch.randn_like(expected.last());
        List<Tensor> wanted =
                gradients(expected.y().mul(probe).sum().add(expected.last().mul(lastProbe).sum()), leaves);
        List<Tensor> got = gradients(fused.y().mul(probe).sum().add(fused.last().mul(lastProbe).sum()), leaves);
        for (int i = 0; i < leaves.length; i++) {
            double scale = Math.max(1, wanted.get(i).abs().max().item_double());
            assertThat(Ops.largestDifference(got.get(i), wanted.get(i)) / scale).as("gradient %d", i).isLessThan(2e-5);
        }
        assertThat(Ops.largestDifference(SelectiveStateSpace.outputs(input, Form.FUSED),
                SelectiveStateSpace.outputs(input, Form.REFERENCE))).isLessThan(1e-4);
    }

    @Test
    void shapesAreChecked() {
        Tensor x = torch.randn(1, 4, 3);
        assertThatThrownBy(() -> new SelectiveStateSpace.Input(x, x, torch.randn(2, 5), torch.randn(1, 4, 5),
                torch.randn(1, 4, 5))).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("(2, 5)");
        assertThatThrownBy(() -> DiagonalRecurrence.states(x, torch.randn(1, 5, 3), null, Form.AUTO))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("(1, 5, 3)");
    }

    private static List<Tensor> gradients(Tensor loss, Tensor... leaves) {
        for (Tensor leaf : leaves) {
            if (leaf.grad().defined()) {
                leaf.grad().zero_();
            }
        }
        loss.backward();
        List<Tensor> gradients = new ArrayList<>();
        for (Tensor leaf : leaves) {
            gradients.add(leaf.grad().clone());
        }
        return gradients;
    }
}
