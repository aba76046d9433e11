package io.heed.sequence.cab;

import java.util.Arrays;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class EfficiencyLengthTest {
    private static final double[] LENGTHS = {256, 512, 1024, 2048, 4096};

    @Test
    void findsWhereALineFallsBelowAParabola() {
        double[] vanilla = Arrays.stream(LENGTHS).map(n -> 2e-6 * n * n + 1e-4 * n + 0.3).toArray();
        double[] efficient = Arrays.stream(LENGTHS).map(n -> 2.1e-3 * n + 0.3).toArray();
        EfficiencyLength found = EfficiencyLength.of(LENGTHS, vanilla, efficient);
        assertThat(found.length()).isEqualTo(1000); // 2e-6 n = 2e-3
        assertThat(found.quadratic()).isCloseTo(1, within(1e-9));
        assertThat(found.linear()).isCloseTo(1, within(1e-9));
    }

    @Test
    void saysWhenThereIsNoSuchLength() {
        double[] vanilla = Arrays.stream(LENGTHS).map(n -> 1e-6 * n * n + 5).toArray();
        double[] below = Arrays.stream(LENGTHS).map(n -> 1e-4 * n).toArray();
        assertThat(EfficiencyLength.of(LENGTHS, vanilla, below).length()).as("cheaper from the start").isZero();
        double[] flat = Arrays.stream(LENGTHS).map(n -> 5 - 1e-9 * n * n).toArray();
        assertThat(EfficiencyLength.of(LENGTHS, flat, vanilla).length()).as("never cheaper").isEqualTo(-1);
    }

    @Test
    void fitIsLeastSquares() {
        double[] line = EfficiencyLength.fit(new double[] {0, 1, 2}, new double[] {0, 1, 5}, 1);
        assertThat(line).containsExactly(new double[] {-0.5, 2.5}, within(1e-9));
    }
}
