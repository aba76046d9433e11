package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class AttentionMassTest {
    private static final float SCALE = 0.7f;

    private static double[] row(Rows q, Rows k, int b, int h, int i) {
        int cached = h / (q.heads() / k.heads());
        double[] p = new double[i + 1];
        double sum = 0;
        for (int j = 0; j <= i; j++) {
            double dot = 0;
            for (int x = 0; x < q.width(); x++) {
                dot += Layouts.get(q, b, h, i, x) * Layouts.get(k, b, cached, j, x);
            }
            p[j] = Math.exp(SCALE * dot);
            sum += p[j];
        }
        for (int j = 0; j <= i; j++) {
            p[j] /= sum;
        }
        return p;
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1,4", "2,4,2,33,8", "1,2,1,200,16", "1,2,2,401,5"})
    void columnsAreWhatEachKeyReceives(int batch, int heads, int cached, int rows, int width) {
        Layouts layouts = new Layouts(rows);
        Rows q = layouts.normal(batch, heads, rows, width);
        Rows k = layouts.normal(batch, cached, rows, width);
        Rows v = layouts.normal(batch, cached, rows, width);
        MemorySegment lse = Arena.ofAuto().allocate((long) batch * heads * rows * Float.BYTES, 64);
        Attention.forward(q, k, v, layouts.empty(batch, heads, rows, width), lse,
                AttentionSpec.softmax().withScale(SCALE).withMask(Mask.causal()));
        float[] sums = new float[batch * heads * rows];
        AttentionMass.columns(q, k, lse, SCALE, sums);

        for (int b = 0; b < batch; b++) {
            for (int h = 0; h < heads; h++) {
                double[] want = new double[rows];
                for (int i = 0; i < rows; i++) {
                    double[] p = row(q, k, b, h, i);
                    for (int j = 0; j <= i; j++) {
                        want[j] += p[j];
                    }
                }
                for (int j = 0; j < rows; j++) {
                    assertThat((double) sums[(b * heads + h) * rows + j])
                            .isCloseTo(want[j], within(2e-5 * (1 + want[j])));
                }
            }
        }
    }

    @Test
    void aRowOverPagesIsTheSameRow() {
        Layouts layouts = new Layouts(6);
        int length = 37;
        Rows q = layouts.normal(1, 1, length, 8);
        Rows k = layouts.normal(1, 1, length, 8);
        MemorySegment slab = Arena.ofAuto().allocate(3L * 16 * 8 * Float.BYTES, 64);
        Pages pages = new Pages(List.of(slab), 3, 16 * 8, 0, 1, 0, 16, 8, new int[][] {{2, 0, 1}});
        float[] one = new float[8];
        float[] query = new float[8];
        for (int j = 0; j < length; j++) {
            for (int x = 0; x < 8; x++) {
                one[x] = (float) Layouts.get(k, 0, 0, j, x);
                query[x] = (float) Layouts.get(q, 0, 0, length - 1, x);
            }
            pages.write(0, 0, j, one, 0);
        }
        float[] weights = new float[length + 64];
        AttentionMass.row(query, 0, pages, 0, 0, length, SCALE, weights);
        double[] want = row(q, k, 0, 0, length - 1);
        float[] out = new float[8];
        AttentionMass.weighted(weights, pages, 0, 0, length, out, 0);
        double first = 0;
        for (int j = 0; j < length; j++) {
            assertThat((double) weights[j]).isCloseTo(want[j], within(1e-6));
            first += want[j] * Layouts.get(k, 0, 0, j, 0);
        }
        assertThat((double) out[0]).isCloseTo(first, within(1e-5));
        assertThatThrownBy(() -> AttentionMass.row(query, 0, pages, 0, 0, length, SCALE, new float[40]))
                .hasMessageContaining("weights length");
    }

    @Test
    void rowsOnTheHeapTurnAsRowsInMemoryDo() {
        Layouts layouts = new Layouts(3);
        int width = 40;
        float[] x = new float[5 * 2 * width];
        float[] cosines = new float[5 * width / 2];
        float[] sines = new float[cosines.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) layouts.gaussian();
        }
        for (int i = 0; i < cosines.length; i++) {
            cosines[i] = (float) Math.cos(i);
            sines[i] = (float) Math.sin(i);
        }
        float[] heap = x.clone();
        Rotation.turn(heap, 5, 2, width, cosines, sines);
        Rows rows = new Rows(MemorySegment.ofArray(x), 1, 2, 5, width, 0, width, 2 * width);
        Rotation.turn(rows, rows, MemorySegment.ofArray(cosines), MemorySegment.ofArray(sines), Rotation.Pairs.HALVES,
                false);
        assertThat(heap).isEqualTo(x);
    }
}
