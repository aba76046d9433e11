package io.heed.kernels;

import java.util.Arrays;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** Norms and activations of a transformer's rows. */
class RowNormTest {
    private static float[] uniform(int count, double size) {
        SplittableRandom random = new SplittableRandom(count);
        float[] x = new float[count];
        for (int i = 0; i < count; i++) {
            x[i] = (float) (size * (2 * random.nextDouble() - 1));
        }
        return x;
    }

    private static double definition(Activation activation, double x) {
        return switch (activation) {
            case SILU -> x / (1 + Math.exp(-x));
            case GELU_TANH -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case GELU -> x * normal(x);
            case RELU -> Math.max(0, x);
        };
    }

    /** The normal distribution by integration. */
    private static double normal(double x) {
        int steps = 20_000;
        double sum = 0;
        for (int i = 0; i < steps; i++) {
            double t = x * (i + 0.5) / steps;
            sum += Math.exp(-t * t / 2);
        }
        return 0.5 + sum * x / steps / Math.sqrt(2 * Math.PI);
    }

    @ParameterizedTest
    @EnumSource(Activation.class)
    void activationsAreTheirDefinitions(Activation activation) {
        float[] x = uniform(3 * 37, 9);
        float[] y = x.clone();
        activation.apply(y, 3, 37);
        for (int i = 0; i < x.length; i++) {
            assertThat((double) y[i]).as("%s", x[i]).isCloseTo(definition(activation, x[i]),
                    within(2e-6 * (1 + Math.abs(x[i]))));
        }
        float[] one = Arrays.copyOfRange(x, 37, 74);
        activation.apply(one, 1, 37);
        assertThat(one).as("a row's bits do not depend on its neighbours").isEqualTo(Arrays.copyOfRange(y, 37, 74));
        float[] gate = x.clone();
        float[] up = uniform(3 * 37 + 1, 2);
        activation.gate(gate, up, 3, 37);
        assertThat(gate[50]).isEqualTo(y[50] * up[50]);
    }

    @Test
    void normsAreTheirDefinitions() {
        int width = 45;
        float[] x = uniform(2 * width, 3);
        float[] weight = uniform(width, 1);
        float[] bias = uniform(width, 2);
        float[] rms = new float[x.length];
        float[] layer = x.clone();
        RowNorm.rms(x, rms, 2, width, weight, 1e-5);
        RowNorm.layer(layer, layer, 2, width, weight, bias, 1e-5);
        for (int row = 0; row < 2; row++) {
            double mean = 0;
            double square = 0;
            for (int i = 0; i < width; i++) {
                mean += x[row * width + i] / (double) width;
                square += x[row * width + i] * (double) x[row * width + i] / width;
            }
            double deviation = Math.sqrt(square - mean * mean + 1e-5);
            for (int i = 0; i < width; i++) {
                int at = row * width + i;
                assertThat((double) rms[at]).isCloseTo(x[at] / Math.sqrt(square + 1e-5) * weight[i], within(1e-6));
                assertThat((double) layer[at]).isCloseTo((x[at] - mean) / deviation * weight[i] + bias[i],
                        within(1e-5));
            }
        }
    }
}
