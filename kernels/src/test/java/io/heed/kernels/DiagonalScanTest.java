package io.heed.kernels;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class DiagonalScanTest {
    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1", "2, 3, 41, 17", "1, 2, 70, 32"})
    void statesAndGradientsEqualTheLoopOverTokens(int batch, int heads, int rows, int width) {
        Layouts layouts = new Layouts(rows);
        Rows gates = layouts.rows(batch, heads, rows, width, () -> layouts.uniform(0, 1));
        Rows inputs = layouts.normal(batch, heads, rows, width);
        Rows initial = layouts.normal(batch, heads, 1, width);
        Rows gradient = layouts.normal(batch, heads, rows, width);
        Rows states = layouts.empty(batch, heads, rows, width);
        Rows gateGradient = layouts.empty(batch, heads, rows, width);
        Rows inputGradient = layouts.empty(batch, heads, rows, width);
        Rows initialGradient = layouts.empty(batch, heads, 1, width);
        DiagonalScan.forward(gates, inputs, initial, states);
        DiagonalScan.backward(gates, initial, states, gradient, gateGradient, inputGradient, initialGradient);
        for (int b = 0; b < batch; b++) {
            for (int h = 0; h < heads; h++) {
                for (int i = 0; i < width; i++) {
                    double[] state = new double[rows + 1];
                    state[0] = Layouts.get(initial, b, h, 0, i);
                    for (int t = 0; t < rows; t++) {
                        state[t + 1] = Layouts.get(gates, b, h, t, i) * state[t] + Layouts.get(inputs, b, h, t, i);
                        close(states, b, h, t, i, state[t + 1]);
                    }
                    double carried = 0;
                    for (int t = rows - 1; t >= 0; t--) {
                        carried += Layouts.get(gradient, b, h, t, i);
                        close(inputGradient, b, h, t, i, carried);
                        close(gateGradient, b, h, t, i, carried * state[t]);
                        carried *= Layouts.get(gates, b, h, t, i);
                    }
                    close(initialGradient, b, h, 0, i, carried);
                }
            }
        }
    }

    private static void close(Rows got, int b, int h, int t, int i, double want) {
        assertThat(Layouts.get(got, b, h, t, i) - want).isBetween(-1e-5 * Math.max(1, Math.abs(want)),
                1e-5 * Math.max(1, Math.abs(want)));
    }
}
