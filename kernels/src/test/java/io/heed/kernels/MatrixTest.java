package io.heed.kernels;

import java.util.Random;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class MatrixTest {
    @Property(tries = 300)
    void equalsTheSumOfProducts(@ForAll @IntRange(min = 0, max = 27) int rows, @ForAll @IntRange(min = 0,
            max = 9) int vectors,
            @ForAll @IntRange(min = 0, max = 70) int depth, @ForAll boolean transposed, @ForAll boolean add,
            @ForAll long seed) {
        Random random = new Random(seed);
        int columns = vectors * Lanes.COUNT;
        int aRow = transposed ? 1 : depth + 3;
        int aColumn = transposed ? rows + 2 : 1;
        int bRow = columns + 5;
        int cRow = columns + 7;
        float[] a = uniform(random, 11 + (rows + 3) * (depth + 3));
        float[] b = uniform(random, 13 + depth * bRow + columns);
        float[] c = uniform(random, 17 + rows * cRow + columns);
        float[] before = c.clone();

        if (add) {
            Matrix.multiplyAdd(rows, columns, depth, a, 11, aRow, aColumn, b, 13, bRow, c, 17, cRow);
        } else {
            Matrix.multiply(rows, columns, depth, a, 11, aRow, aColumn, b, 13, bRow, c, 17, cRow);
        }

        for (int at = 0; at < c.length; at++) {
            int i = Math.floorDiv(at - 17, cRow);
            int j = at - 17 - i * cRow;
            if (at < 17 || i >= rows || j >= columns) {
                assertThat(c[at]).as("outside of C, float %d", at).isEqualTo(before[at]);
                continue;
            }
            double sum = add ? before[at] : 0;
            for (int k = 0; k < depth; k++) {
                sum += (double) a[11 + i * aRow + k * aColumn] * b[13 + k * bRow + j];
            }
            assertThat((double) c[at]).as("C[%d][%d]", i, j).isCloseTo(sum, within(1e-5 + 1e-6 * depth));
        }
    }

    @Property(tries = 100)
    void doesNotDependOnTheTiling(@ForAll @IntRange(min = 1, max = 20) int rows, @ForAll @IntRange(min = 1,
            max = 40) int depth, @ForAll @IntRange(min = 0, max = 40) int cut, @ForAll long seed) {
        Random random = new Random(seed);
        int columns = 7 * Lanes.COUNT;
        int first = Math.min(cut, depth);
        float[] a = uniform(random, rows * depth);
        float[] b = uniform(random, depth * columns);
        float[] whole = new float[rows * columns];
        float[] parts = new float[rows * columns];

        Matrix.multiply(rows, columns, depth, a, 0, depth, 1, b, 0, columns, whole, 0, columns);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j += Lanes.COUNT) {
                int at = i * columns + j;
                Matrix.multiply(1, Lanes.COUNT, first, a, i * depth, depth, 1, b, j, columns, parts, at, columns);
                Matrix.multiplyAdd(1, Lanes.COUNT, depth - first, a, i * depth + first, depth, 1, b,
                        first * columns + j, columns, parts, at, columns);
            }
        }

        assertThat(parts).containsExactly(whole);
    }

    private static float[] uniform(Random random, int length) {
        float[] x = new float[length];
        for (int i = 0; i < length; i++) {
            x[i] = random.nextFloat() * 2 - 1;
        }
        return x;
    }
}
