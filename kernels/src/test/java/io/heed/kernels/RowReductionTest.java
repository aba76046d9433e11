package io.heed.kernels;

import java.util.Random;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class RowReductionTest {
    @Property(tries = 200)
    void reducesExactlyTheStretch(@ForAll @IntRange(min = 0, max = 100) int length,
            @ForAll @IntRange(min = 0, max = 5) int offset, @ForAll long seed) {
        Random random = new Random(seed);
        float[] x = new float[length + 12];
        float[] y = new float[length + 12];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) random.nextGaussian();
            y[i] = (float) random.nextGaussian();
        }
        double sum = 0;
        double dot = 0;
        float max = Float.NEGATIVE_INFINITY;
        for (int i = offset; i < offset + length; i++) {
            sum += x[i];
            dot += (double) x[i] * y[i + 3];
            max = Math.max(max, x[i]);
        }
        assertThat((double) RowReduction.sum(x, offset, length)).isCloseTo(sum, within(1e-4));
        assertThat((double) RowReduction.dot(x, offset, y, offset + 3, length)).isCloseTo(dot, within(1e-4));
        assertThat(RowReduction.max(x, offset, length)).isEqualTo(max);
    }
}
