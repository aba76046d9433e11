package io.heed.nn;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class PositionsTest {
    private PointerScope scope;

    @BeforeEach
    void openScope() {
        scope = new PointerScope();
        Seeds.seedTorch(5, "positions", 0);
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @ParameterizedTest
    @EnumSource
    void rotaryDotProductsDependOnDistanceOnly(Rotary.Layout layout) {
        Rotary rotary = new Rotary(8, 100, layout);
        Tensor q = torch.randn(1, 1, 1, 8).to(ScalarType.Double);
        Tensor k = torch.randn(1, 1, 1, 8).to(ScalarType.Double);
        double near = dot(rotary.apply(q, 7), rotary.apply(k, 3));
        assertThat(dot(rotary.apply(q, 104), rotary.apply(k, 100))).isCloseTo(near, within(1e-9));
        assertThat(dot(rotary.apply(q, 8), rotary.apply(k, 3))).isNotCloseTo(near, within(1e-3));
        assertThat(dot(rotary.apply(q, 9), rotary.apply(q, 9))).isCloseTo(dot(q, q), within(1e-9));
    }

    @ParameterizedTest
    @EnumSource
    void rotaryTurnsPairsByTheirAngle(Rotary.Layout layout) {
        Rotary rotary = new Rotary(4, 100, layout);
        // pair 1 turns by 3 * 100^(-2/4) = 0.3
        int first = layout == Rotary.Layout.HALVES ? 1 : 2;
        float[] x = new float[4];
        x[first] = 1;
        float[] turned = Ops.floats(rotary.apply(Ops.of(x, 1, 1, 1, 4), 3));
        float[] expected = new float[4];
        expected[first] = (float) Math.cos(0.3);
        expected[3] = (float) Math.sin(0.3);
        assertThat(turned).containsExactly(expected, within(1e-6f));
    }

    @ParameterizedTest
    @EnumSource
    void rotaryGradientIsTheTurnBack(Rotary.Layout layout) {
        Rotary rotary = new Rotary(6, 100, layout);
        Tensor x = torch.randn(2, 3, 5, 6).requires_grad_(true);
        Tensor probe = torch.randn(2, 3, 5, 6);
        rotary.apply(x, 2).mul(probe).sum().backward();
        Tensor y = torch.randn(2, 3, 5, 6);
        // <R y, p> = <y, R^T p>, and the gradient is R^T p
        double expected = rotary.apply(y, 2).mul(probe).sum().item_double();
        assertThat(y.mul(x.grad()).sum().item_double()).isCloseTo(expected, within(1e-4));
    }

    @ParameterizedTest
    @EnumSource
    void kernelAndComposedRotaryAgree(Rotary.Layout layout) {
        Rotary rotary = new Rotary(6, 100, layout);
        Tensor x = Heads.split(torch.randn(2, 5, 18), 3);
        Tensor composed = rotary.apply(x.to(ScalarType.Double), 4);
        assertThat(Ops.largestDifference(rotary.apply(x, 4), composed)).isLessThan(1e-6);
    }

    @Test
    void rotaryRefusesOddWidths() {
        assertThatThrownBy(() -> new Rotary(7)).hasMessageContaining("must be even, got 7");
        assertThatThrownBy(() -> new Rotary(8).apply(torch.randn(1, 1, 1, 6), 0))
                .hasMessageContaining("given head width 6");
    }

    @Test
    void slopesFollowThePublishedLists() {
        assertThat(Alibi.slopes(4)).containsExactly(0.25, 0.0625, 0.015625, 0.00390625);
        assertThat(Alibi.slopes(3)).containsExactly(Math.pow(2, -4), Math.pow(2, -8), Math.pow(2, -2));
        assertThat(Alibi.slopes(6)).containsExactly(0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125);
        assertThat(Alibi.slopes(1)).containsExactly(Math.pow(2, -8));
    }

    @Test
    void sinusoidsContinueWhereTheyStart() {
        Tensor all = Sinusoids.rows(0, 9, 6);
        assertThat(Ops.largestDifference(Sinusoids.rows(4, 5, 6), Ops.slice(all, 0, 4, 9))).isZero();
        assertThat(Ops.floats(all.select(0, 0))).containsExactly(0, 1, 0, 1, 0, 1);
        assertThat(Ops.floats(all.select(0, 2))[0]).isCloseTo((float) Math.sin(2), within(1e-6f));
    }

    @Test
    void paddingKnowsLengthsWhereItIsAtTheEnd() {
        assertThat(Padding.ofLengths(4, 3, 0, 4).lengths()).contains(new int[] {3, 0, 4});
        assertThat(new Padding(Ops.of(new boolean[] {true, false, false}, 1, 3)).lengths()).isEmpty();
        assertThatThrownBy(() -> new Padding(torch.zeros(2, 3))).hasMessageContaining("got (2, 3) of type Float");
        assertThatThrownBy(() -> Padding.ofLengths(4, 5)).hasMessageContaining("length 5 of sequence 0");
    }

    @Test
    void initialWeightsAreCutNormals() {
        Tensor weights = Initialisation.truncatedNormal(torch.empty(200, 200), 0.02);
        assertThat(weights.abs().max().item_double()).isBetween(0.039, 0.04 + 1e-7);
        // a normal cut at two deviations keeps 0.8796 of its deviation
        assertThat(weights.std(true).item_double()).isCloseTo(0.8796 * 0.02, within(2e-4));
        assertThat(weights.mean().item_double()).isCloseTo(0, within(4e-4));
    }

    private static double dot(Tensor a, Tensor b) {
        return a.mul(b).sum().item_double();
    }
}
