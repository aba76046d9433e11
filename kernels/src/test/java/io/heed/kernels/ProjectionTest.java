package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class ProjectionTest {
    private final SplittableRandom random = new SplittableRandom(5);

    private float[] normal(int count) {
        float[] x = new float[count];
        for (int i = 0; i < count; i++) {
            x[i] = (float) (random.nextDouble() * 2 - 1);
        }
        return x;
    }

    /** The matrix, and in {@code values} what it holds after rounding to its type. */
    private static WeightMatrix matrix(float[] values, int rows, int columns, WeightMatrix.Type type) {
        MemorySegment data = Arena.ofAuto().allocate((long) values.length * type.bytes(), 8);
        for (int i = 0; i < values.length; i++) {
            switch (type) {
                case F32 -> data.setAtIndex(ValueLayout.JAVA_FLOAT, i, values[i]);
                case F16 -> {
                    short half = Float.floatToFloat16(values[i]);
                    data.setAtIndex(ValueLayout.JAVA_SHORT, i, half);
                    values[i] = Float.float16ToFloat(half);
                }
                case BF16 -> {
                    short upper = (short) (Float.floatToRawIntBits(values[i]) >> 16);
                    data.setAtIndex(ValueLayout.JAVA_SHORT, i, upper);
                    values[i] = Float.intBitsToFloat(upper << 16);
                }
            }
        }
        return new WeightMatrix(data, type, rows, columns);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,F32", "7,5,3,F32", "172,64,5,F32", "64,172,70,F32", "131,600,9,F32", "50,33,20,F16",
            "9,300,2,BF16",
        "100,129,66,BF16", "4,16,1,F16"})
    void bothFormsAreTheDefinition(int rows, int columns, int count, WeightMatrix.Type type) {
        float[] w = normal(rows * columns);
        WeightMatrix matrix = matrix(w, rows, columns, type);
        float[] bias = normal(rows);
        float[] x = normal(count * columns);
        float[] few = new float[count * rows];
        float[] many = new float[count * rows];

        Projection.vectors(matrix, bias, x, count, few);
        Projection.batch(matrix, bias, x, count, many);

        for (int t = 0; t < count; t++) {
            for (int n = 0; n < rows; n++) {
                double want = bias[n];
                for (int k = 0; k < columns; k++) {
                    want += (double) w[n * columns + k] * x[t * columns + k];
                }
                assertThat((double) few[t * rows + n]).isCloseTo(want, within(1e-5 * Math.sqrt(columns)));
                assertThat((double) many[t * rows + n]).isCloseTo(want, within(1e-5 * Math.sqrt(columns)));
            }
        }
    }

    @Test
    void severalLayersAtOnceAreEachAlone() {
        int columns = 600;
        float[] x = normal(3 * columns);
        int[] rows = {200, 1, 77, 130};
        List<Projection.Output> together = new ArrayList<>();
        List<float[]> alone = new ArrayList<>();
        for (int i = 0; i < rows.length; i++) {
            WeightMatrix w = matrix(normal(rows[i] * columns), rows[i], columns, WeightMatrix.Type.values()[i % 3]);
            float[] bias = i % 2 == 0 ? normal(rows[i]) : null;
            together.add(new Projection.Output(w, bias, new float[3 * rows[i]]));
            alone.add(new float[3 * rows[i]]);
            Projection.vectors(w, bias, x, 3, alone.getLast());
        }

        Projection.vectors(together, x, 3);

        for (int i = 0; i < rows.length; i++) {
            assertThat(together.get(i).y()).isEqualTo(alone.get(i));
        }
    }

    @ParameterizedTest
    @EnumSource(WeightMatrix.Type.class)
    void aRowsBitsDoNotDependOnTheRowsBesideIt(WeightMatrix.Type type) {
        int rows = 77;
        int columns = 300;
        int count = 67;
        WeightMatrix matrix = matrix(normal(rows * columns), rows, columns, type);
        float[] x = normal(count * columns);
        float[] all = new float[count * rows];
        float[] allMany = new float[count * rows];
        Projection.vectors(matrix, null, x, count, all);
        Projection.batch(matrix, null, x, count, allMany);
        for (int t : new int[] {0, 5, 16, 63, 66}) {
            float[] one = Arrays.copyOfRange(x, t * columns, (t + 1) * columns);
            float[] y = new float[rows];
            Projection.vectors(matrix, null, one, 1, y);
            assertThat(y).isEqualTo(Arrays.copyOfRange(all, t * rows, (t + 1) * rows));
            Projection.batch(matrix, null, one, 1, y);
            assertThat(y).isEqualTo(Arrays.copyOfRange(allMany, t * rows, (t + 1) * rows));
        }
    }

    @Test
    void everyHalfIsReadAsItIs() {
        MemorySegment data = Arena.ofAuto().allocate(2L << 16, 8);
        for (int i = 0; i < 1 << 16; i++) {
            data.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) i);
        }
        float[] got = new float[1 << 16];
        new WeightMatrix(data, WeightMatrix.Type.F16, 1, 1 << 16).read(0, 1, 0, 1 << 16, got, 0, 1 << 16);
        for (int i = 0; i < got.length; i++) {
            float want = Float.float16ToFloat((short) i);
            assertThat(Float.compare(got[i], want) == 0 || Float.isNaN(want) && Float.isNaN(got[i]))
                    .as("half %04x: %s, not %s", i, got[i], want).isTrue();
        }
    }

    @Test
    void whatDoesNotFitIsNamed() {
        WeightMatrix w = matrix(normal(12), 3, 4, WeightMatrix.Type.F32);
        assertThatThrownBy(() -> Projection.vectors(w, null, new float[7], 2, new float[6]))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("x length")
                .hasMessageContaining("7");
        assertThatThrownBy(() -> Projection.batch(w, new float[4], new float[8], 2, new float[6]))
                .hasMessageContaining("bias length");
        assertThatThrownBy(() -> new WeightMatrix(w.data(), WeightMatrix.Type.F32, 4, 4))
                .hasMessageContaining("64 bytes");
    }
}
