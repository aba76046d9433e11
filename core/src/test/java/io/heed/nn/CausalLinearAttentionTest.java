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

import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class CausalLinearAttentionTest {
    private static final double[] RATES = {0.25, 0};

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

    /** KV_t = lambda KV_{t-1} + k_t v_t^T, o_t = q_t^T KV_t. */
    @Test
    void equalsTheRecurrence() {
        Tensor q = torch.randn(2, 2, 23, 6);
        Tensor k = torch.randn(2, 2, 23, 6);
        Tensor v = torch.randn(2, 2, 23, 9);
        Tensor state = torch.randn(2, 2, 6, 9);
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            CausalLinearAttention.Result result = CausalLinearAttention.withState(q, k, v, RATES, state, form);
            Tensor kv = state;
            Tensor decay = Ops.of(new float[] {(float) Math.exp(-0.25), 1}, 2, 1, 1);
            for (long t = 0; t < 23; t++) {
                kv = kv.mul(decay).add(k.select(2, t).unsqueeze(-1).mul(v.select(2, t).unsqueeze(-2)));
                Tensor expected = q.select(2, t).unsqueeze(-2).matmul(kv).squeeze(-2);
                assertThat(Ops.largestDifference(result.out().select(2, t), expected)).as("%s, t = %d", form, t)
                        .isLessThan(5e-5);
            }
            assertThat(Ops.largestDifference(result.state(), kv)).as("state, %s", form).isLessThan(5e-5);
        }
    }

    @Test
    void bothFormsGiveTheSameOutputsAndGradients() {
        compare(1, 8, 8);
        compare(37, 8, 6);
        compare(131, 5, 19);
        compare(200, 130, 33);
        compare(66, 300, 270);
    }

    private static void compare(long length, long width, long valueWidth) {
        List<List<Tensor>> results = new ArrayList<>();
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            torch.manual_seed(length);
            List<Tensor> leaves = List.of(leaf(2, 2, length, width), leaf(2, 2, length, width),
                    leaf(2, 2, length, valueWidth),
                    leaf(2, 2, width, valueWidth));
            CausalLinearAttention.Result result = CausalLinearAttention.withState(leaves.get(0), leaves.get(1),
                    leaves.get(2),
                    RATES, leaves.get(3), form);
            Tensor alone = CausalLinearAttention.outputs(leaves.get(0), leaves.get(1), leaves.get(2), RATES, form);
            Tensor loss = result.out().mul(torch.randn(result.out().shape())).sum()
                    .add(result.state().mul(torch.randn(result.state().shape())).sum())
                    .add(alone.mul(torch.randn(alone.shape())).sum());
            loss.backward();
            List<Tensor> all = new ArrayList<>(List.of(result.out(), result.state(), alone));
            leaves.forEach(leaf -> all.add(leaf.grad()));
            results.add(all);
        }
        for (int i = 0; i < results.get(0).size(); i++) {
            Tensor expected = results.get(0).get(i);
            double size = Math.max(1, expected.abs().max().item_double());
            assertThat(Ops.largestDifference(results.get(1).get(i), expected) / size)
                    .as("tensor %d at (%d, %d, %d)", i, length, width, valueWidth).isLessThan(2e-5);
        }
    }

    private static Tensor leaf(long... shape) {
        return torch.randn(shape).mul(new Scalar(0.5)).requires_grad_(true);
    }

    @Test
    void aStateCutsASequenceAnywhere() {
        Tensor q = torch.randn(1, 2, 150, 8);
        Tensor k = torch.randn(1, 2, 150, 8);
        Tensor v = torch.randn(1, 2, 150, 8);
        Tensor whole = CausalLinearAttention.outputs(q, k, v, RATES, Form.FUSED);
        Tensor state = torch.zeros(1, 2, 8, 8);
        long from = 0;
        for (long to : new long[] {1, 64, 65, 150}) {
            CausalLinearAttention.Result part = CausalLinearAttention.withState(Ops.slice(q, 2, from, to),
                    Ops.slice(k, 2, from, to), Ops.slice(v, 2, from, to), RATES, state, Form.FUSED);
            assertThat(Ops.largestDifference(part.out(), Ops.slice(whole, 2, from, to))).as("%d to %d", from, to)
                    .isLessThan(1e-4);
            state = part.state();
            from = to;
        }
    }

    @Test
    void badRatesAndShapesAreNamed() {
        Tensor x = torch.randn(1, 2, 3, 4);
        assertThatThrownBy(() -> CausalLinearAttention.outputs(x, x, x, new double[] {0.1}, Form.AUTO))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("2 heads")
                .hasMessageContaining("[0.1]");
        assertThatThrownBy(() -> CausalLinearAttention.outputs(x, x, x, new double[] {0.1, -1}, Form.AUTO))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("-1.0");
        assertThatThrownBy(() -> CausalLinearAttention.outputs(x, torch.randn(1, 2, 3, 5), x, RATES, Form.AUTO))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("(1, 2, 3, 5)");
    }
}
