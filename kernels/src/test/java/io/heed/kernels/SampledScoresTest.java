package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class SampledScoresTest {
    private static final int BATCH = 2;
    private static final int HEADS = 3;

    private static float[] numbers(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }

    @Test
    void isTheLargestProductLessTheSumOverTheLength() {
        int queries = 131;
        int keys = 70;
        for (int width : new int[] {1, 8, 19, 64}) {
            for (int patterns : new int[] {1, BATCH}) {
                check(queries, keys, width, patterns);
            }
        }
    }

    private static void check(int queries, int keys, int width, int patterns) {
        int most = 7;
        float[] q = numbers(BATCH * HEADS * queries * width, 1);
        float[] k = numbers(BATCH * HEADS * keys * width, 2);
        SplittableRandom random = new SplittableRandom(3);
        int[] samples = new int[patterns * queries * most];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = i % most >= 1 + i / most % most ? -1 : random.nextInt(keys); // 1 to all
        }
        int[] lengths = patterns == 1 ? new int[] {keys} : new int[] {keys, 40};
        float[] out = new float[BATCH * HEADS * queries];
        SampledScores.measure(Rows.contiguous(MemorySegment.ofArray(q), BATCH, HEADS, queries, width),
                Rows.contiguous(MemorySegment.ofArray(k), BATCH, HEADS, keys, width), samples, lengths,
                MemorySegment.ofArray(out));
        for (int row = 0; row < out.length; row++) {
            int pattern = patterns == 1 ? 0 : row / queries / HEADS;
            double largest = Double.NEGATIVE_INFINITY;
            double sum = 0;
            for (int s = 0; s < most; s++) {
                int key = samples[(pattern * queries + row % queries) * most + s];
                if (key >= 0) {
                    double product = 0;
                    for (int c = 0; c < width; c++) {
                        product += (double) q[row * width + c] * k[(row / queries * keys + key) * width + c];
                    }
                    largest = Math.max(largest, product);
                    sum += product;
                }
            }
            assertThat((double) out[row]).isCloseTo(largest - sum / lengths[pattern], within(1e-4));
        }
    }

    @Test
    void aQueryWithoutSamplesComesLast() {
        float[] rows = numbers(4, 1);
        float[] out = new float[2];
        Rows two = Rows.contiguous(MemorySegment.ofArray(rows), 1, 1, 2, 2);
        SampledScores.measure(two, two, new int[] {1, -1}, new int[] {2}, MemorySegment.ofArray(out));
        assertThat(out[0]).isFinite();
        assertThat(out[1]).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThatThrownBy(() -> SampledScores.measure(two, two, new int[] {2, 0}, new int[] {2},
                MemorySegment.ofArray(out))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("key 2 is not among 2");
    }
}
