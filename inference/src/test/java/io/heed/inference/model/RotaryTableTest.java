package io.heed.inference.model;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class RotaryTableTest {
    private static final int WIDTH = 128;
    private static final double BASE = 500_000;

    private static double plain(double base, int pair) {
        return Math.pow(base, -2.0 * pair / WIDTH);
    }

    private static double wavelength(int pair) {
        return 2 * Math.PI / plain(BASE, pair);
    }

    @Test
    void linearScalingDividesEveryFrequency() {
        RotaryTable table = new RotaryTable(WIDTH, BASE, new RopeScaling.Linear(4));
        for (int i = 0; i < WIDTH / 2; i++) {
            assertThat(table.frequencies(10)[i]).isCloseTo(plain(BASE, i) / 4, within(1e-15));
        }
        assertThat(table.context(2048)).isEqualTo(8192);
    }

    @Test
    void llama3KeepsHighFrequenciesAndDividesLowOnes() {
        double[] f = new RotaryTable(WIDTH, BASE, new RopeScaling.Llama3(8, 1, 4, 8192)).frequencies(10);
        int between = 0;
        for (int i = 0; i < WIDTH / 2; i++) {
            if (wavelength(i) < 8192 / 4.0) {
                assertThat(f[i]).isEqualTo(plain(BASE, i));
            } else if (wavelength(i) > 8192) {
                assertThat(f[i]).isCloseTo(plain(BASE, i) / 8, within(1e-15));
            } else {
                // a share of the way, linear in how often the pair turns within the original length
                double share = (8192 / wavelength(i) - 1) / 3;
                assertThat(f[i]).isCloseTo(plain(BASE, i) * (1 / 8.0 + share * 7 / 8.0), within(1e-12));
                between++;
            }
        }
        assertThat(between).isBetween(4, 12);
    }

    @Test
    void dynamicScalingGrowsTheBaseBeyondTheOriginalLengthOnly() {
        RotaryTable table = new RotaryTable(WIDTH, BASE, new RopeScaling.Dynamic(2, 1000));
        double grown = BASE * Math.pow(2 * 3000 / 1000.0 - 1, WIDTH / (WIDTH - 2.0));
        for (int i = 0; i < WIDTH / 2; i++) {
            assertThat(table.frequencies(1000)[i]).isEqualTo(plain(BASE, i));
            assertThat(table.frequencies(3000)[i]).isCloseTo(plain(grown, i), within(1e-12));
        }
        assertThat(table.dependsOnLength()).isTrue();
    }

    @Test
    void yarnInterpolatesByHowOftenAPairTurns() {
        RotaryTable table = new RotaryTable(WIDTH, BASE, new RopeScaling.Yarn(4, 8192, 32, 1, 0.1 * Math.log(4) + 1,
                true));
        double[] f = table.frequencies(10);
        boolean inside = false;
        for (int i = 0; i < WIDTH / 2; i++) {
            double turns = 8192 / wavelength(i);
            double ratio = f[i] / plain(BASE, i);
            if (turns > 40) {
                assertThat(ratio).isCloseTo(1, within(1e-12));
            } else if (turns < 0.8) {
                assertThat(ratio).isCloseTo(1 / 4.0, within(1e-12));
            } else {
                assertThat(ratio).isBetween(1 / 4.0, 1.0 + 1e-12);
                inside |= ratio > 0.3 && ratio < 0.95;
            }
            assertThat(i == 0 || ratio <= f[i - 1] / plain(BASE, i - 1) + 1e-12).isTrue();
        }
        assertThat(inside).isTrue();
        float[] cosines = new float[WIDTH / 2];
        float[] sines = new float[WIDTH / 2];
        table.angles(17, 18, cosines, sines, 0);
        assertThat(Math.hypot(cosines[3], sines[3])).isCloseTo(1.1386294, within(1e-5));
    }
}
