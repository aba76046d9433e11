package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ExponentialTest {
    // Where the result is a normal float.
    private static final float LOWEST_NORMAL = -87.33f;
    private static final float HIGHEST_FINITE = 88.7228f;

    @Test
    void isWithinTwoUlpOverTheWholeRange() {
        double worst = 0;
        for (float[] x : sweep(LOWEST_NORMAL, HIGHEST_FINITE, 100_000)) {
            float[] y = new float[Lanes.COUNT];
            Exponential.exp(FloatVector.fromArray(Lanes.FLOAT, x, 0)).intoArray(y, 0);
            for (int i = 0; i < y.length; i++) {
                double exact = Math.exp(x[i]);
                worst = Math.max(worst, Math.abs(y[i] - exact) / Math.ulp((float) exact));
            }
        }
        assertThat(worst).isLessThanOrEqualTo(2);
    }

    @Test
    void meetsTheEndsOfTheRange() {
        assertThat(exp(Float.NEGATIVE_INFINITY)).isEqualTo(0f);
        assertThat(exp(-Float.MAX_VALUE)).isEqualTo(0f);
        assertThat(exp(-104f)).isEqualTo(0f);
        assertThat(exp(0f)).isEqualTo(1f);
        assertThat(exp(-0f)).isEqualTo(1f);
        assertThat(exp(88.73f)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(exp(Float.MAX_VALUE)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(exp(Float.POSITIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(exp(Float.NaN)).isNaN();
    }

    @Test
    void powersOfTwoAreCloseWhereAttentionUsesThem() {
        double worst = 0;
        for (float[] x : sweep(-125.9f, 126.9f, 100_000)) {
            float[] y = new float[Lanes.COUNT];
            Exponential.exp2(FloatVector.fromArray(Lanes.FLOAT, x, 0)).intoArray(y, 0);
            for (int i = 0; i < y.length; i++) {
                double exact = Math.pow(2, x[i]);
                worst = Math.max(worst, Math.abs(y[i] - exact) / exact);
            }
        }
        assertThat(worst).isLessThan(2e-7);
        assertThat(exp2(Float.NEGATIVE_INFINITY)).isEqualTo(0f);
        assertThat(exp2(-1e30f)).isEqualTo(0f);
        assertThat(exp2(0f)).isEqualTo(1f);
        assertThat(exp2(Float.NaN)).isNaN();
        assertThat(exp2(Float.intBitsToFloat(0xffc00000))).as("a NaN with its sign bit set").isNaN();
    }

    private static float exp(float x) {
        return Exponential.exp(FloatVector.broadcast(Lanes.FLOAT, x)).lane(0);
    }

    private static float exp2(float x) {
        return Exponential.exp2(FloatVector.broadcast(Lanes.FLOAT, x)).lane(0);
    }

    private static Iterable<float[]> sweep(float from, float to, int points) {
        int vectors = points / Lanes.COUNT;
        float step = (to - from) / (vectors * Lanes.COUNT);
        return () -> java.util.stream.IntStream.range(0, vectors).mapToObj(v -> {
            float[] x = new float[Lanes.COUNT];
            for (int i = 0; i < x.length; i++) {
                x[i] = from + (v * Lanes.COUNT + i) * step;
            }
            return x;
        }).iterator();
    }
}
