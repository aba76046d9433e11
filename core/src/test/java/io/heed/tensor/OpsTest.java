package io.heed.tensor;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class OpsTest {
    @Test
    void arraysGoThereAndBack() {
        assertThat(Ops.floats(Ops.of(new float[] {1, -2, 3.5f, 4}, 2, 2).transpose(0, 1))).containsExactly(1, 3.5f, -2,
                4);
        assertThat(Ops.doubles(Ops.of(new double[] {1e-300, 2}))).containsExactly(1e-300, 2);
        assertThat(Ops.longs(Ops.of(new long[] {Long.MIN_VALUE, 7}))).containsExactly(Long.MIN_VALUE, 7);
        assertThat(Ops.booleans(Ops.of(new boolean[] {true, false, true}))).containsExactly(true, false, true);
        assertThat(Ops.longs(Ops.of(new boolean[] {true, false}))).containsExactly(1, 0);
        assertThat(Ops.type(Ops.of(new boolean[1]))).isEqualTo(ScalarType.Bool);
        assertThatThrownBy(() -> Ops.of(new float[5], 2,
                3)).hasMessage("5 values do not fill a tensor of shape (2, 3)");
    }

    @Test
    void slicesAreViews() {
        Tensor x = Ops.of(new float[] {0, 1, 2, 3, 4, 5}, 2, 3);
        assertThat(Ops.floats(Ops.slice(x, 1, 1, 3))).containsExactly(1, 2, 4, 5);
        assertThat(Ops.floats(Ops.slice(x, 1, 0, 3, 2))).containsExactly(0, 2, 3, 5);
        Ops.slice(x, 0, 1, 2).zero_();
        assertThat(Ops.floats(x)).containsExactly(0, 1, 2, 0, 0, 0);
    }

    @Test
    void causalMaskAlignsTheLastQueryWithTheLastKey() {
        assertThat(Ops.booleans(Ops.causalMask(2, 3))).containsExactly(false, false, true, false, false, false);
        assertThat(Ops.booleans(Ops.causalMask(3, 3)))
                .containsExactly(false, true, true, false, false, true, false, false, false);
    }

    @Test
    void paddingMaskHidesWhatIsBehindTheLength() {
        Tensor mask = Ops.paddingMask(new long[] {3, 1}, 3);
        assertThat(mask.shape()).containsExactly(2, 1, 1, 3);
        assertThat(Ops.booleans(mask)).containsExactly(false, false, false, false, true, true);
    }

    @Test
    void maskedSoftmaxOfAnEmptyRowIsZeroWithAFiniteGradient() {
        float none = Float.NEGATIVE_INFINITY;
        Tensor logits = Ops.of(new float[] {none, none, 0, none}, 2, 2);
        logits.set_requires_grad(true);
        Tensor weights = Ops.maskedSoftmax(logits, -1);
        assertThat(Ops.floats(weights)).containsExactly(0, 0, 1, 0);
        weights.mul(Ops.of(new float[] {1, 2, 3, 4}, 2, 2)).sum().backward();
        assertThat(Ops.floats(logits.grad())).containsExactly(0, 0, 0, 0);
    }

    @Test
    void joinsAndProducts() {
        Tensor a = Ops.of(new float[] {1, 2}, 1, 2);
        Tensor b = Ops.of(new float[] {3, 4}, 1, 2);
        assertThat(Ops.cat(0, a, b).shape()).containsExactly(2, 2);
        assertThat(Ops.stack(0, a, b).shape()).containsExactly(2, 1, 2);
        assertThat(Ops.item(Ops.einsum("nd,md->nm", a, b))).isEqualTo(11);
        assertThat(Ops.floats(Ops.shift(Ops.scale(a, 3), -1))).containsExactly(2, 5);
        assertThatThrownBy(() -> Ops.item(a)).hasMessageContaining("(1, 2)");
    }

    @Test
    void largestDifferenceSeesNaN() {
        Tensor a = Ops.of(new float[] {1, 2});
        assertThat(Ops.largestDifference(a, Ops.of(new float[] {1, 2.5f}))).isEqualTo(0.5);
        assertThat(Ops.largestDifference(a, Ops.of(new float[] {1, Float.NaN}))).isNaN();
        assertThat(Ops.largestDifference(torch.empty(0), torch.empty(0))).isZero();
        assertThatThrownBy(() -> Ops.largestDifference(a, torch.zeros(3))).hasMessageContaining("(2) and (3)");
    }
}
