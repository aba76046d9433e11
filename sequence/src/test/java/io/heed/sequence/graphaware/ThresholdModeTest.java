package io.heed.sequence.graphaware;

import java.util.Arrays;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

class ThresholdModeTest {
    private static final ThresholdMode.Numbers HALF = new ThresholdMode.Numbers(10, 2, 0.5);

    /** One head's map of four tokens. */
    private static Tensor map() {
        return Ops.of(new float[] {1, 0, 0, 0, 0.6f, 0.4f, 0, 0, 0.1f, 0.7f, 0.2f, 0, 0.3f, 0.05f, 0.25f, 0.4f}, 1, 1,
                4, 4);
    }

    private static float[] apply(ThresholdMode mode, double tau) {
        return Ops.floats(mode.apply(map(), torch.full(new long[0], new Scalar(tau)), HALF));
    }

    @Test
    void keepsTheLargestPredecessorsOfEachRow() {
        try (PointerScope _ = new PointerScope()) {
            // row i keeps ceil(i / 2) of its i strict predecessors
            assertThat(apply(ThresholdMode.SCALED_TOP_K, 0)).containsExactly(0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0,
                    1, 0);
        }
    }

    @Test
    void keepsAShareOfTheLengthAndThenTheLowerTriangle() {
        try (PointerScope _ = new PointerScope()) {
            // two of four; row 0 has one entry above 0, its other choice falls above the diagonal or on it
            float[] kept = apply(ThresholdMode.TOP_K, 0);
            assertThat(kept[0]).isEqualTo(1);
            assertThat(Arrays.copyOfRange(kept, 4, 16)).containsExactly(1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 1);
        }
    }

    @Test
    void addsScaledOnesAboveTheThreshold() {
        try (PointerScope _ = new PointerScope()) {
            float[] kept = apply(ThresholdMode.SILU_PLUS_BINARY, 0.35);
            double above = 0.6 - 0.35;
            assertThat(kept[4]).isCloseTo((float) (above / (1 + Math.exp(-above)) + 2), offset(1e-6f));
            double below = 0.1 - 0.35;
            assertThat(kept[8]).isCloseTo((float) (below / (1 + Math.exp(-below))), offset(1e-6f));
        }
    }

    @ParameterizedTest
    @EnumSource(ThresholdMode.class)
    void nothingAboveTheDiagonalSurvives(ThresholdMode mode) {
        try (PointerScope _ = new PointerScope()) {
            float[] kept = apply(mode, -1);       // a negative threshold lifts every entry
            for (int i = 0; i < 4; i++) {
                for (int j = i + 1; j < 4; j++) {
                    assertThat(kept[4 * i + j]).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ThresholdMode.class)
    void isFoundByItsOfficialName(ThresholdMode mode) {
        assertThat(ThresholdMode.named(mode.official())).isEqualTo(mode);
    }

    @Test
    void refusesAnotherName() {
        assertThatThrownBy(() -> ThresholdMode.named("hard")).hasMessageStartingWith(
                "threshold mode 'hard': must be one of none, silu, relu");
    }
}
