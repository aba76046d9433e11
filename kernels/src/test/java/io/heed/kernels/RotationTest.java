package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class RotationTest {
    private static final int BATCH = 2;
    private static final int HEADS = 3;
    private static final int ROWS = 67;
    private static final int HALF = 37; // vectors and a tail, at any width

    @ParameterizedTest
    @EnumSource
    void turnsEachPairAndBack(Rotation.Pairs pairs) {
        int width = 2 * HALF;
        SplittableRandom random = new SplittableRandom(1);
        float[] x = random(random, BATCH * ROWS * HEADS * width);
        float[] cos = new float[ROWS * HALF];
        float[] sin = new float[ROWS * HALF];
        for (int i = 0; i < cos.length; i++) {
            double angle = random.nextDouble() * 7;
            cos[i] = (float) Math.cos(angle);
            sin[i] = (float) Math.sin(angle);
        }
        float[] out = new float[x.length];
        // (B, N, H, d) seen as (B, H, N, d)
        Rows from = rows(x, width);
        Rotation.turn(from, rows(out, width), MemorySegment.ofArray(cos), MemorySegment.ofArray(sin), pairs, false);
        for (int b = 0; b < BATCH; b++) {
            for (int h = 0; h < HEADS; h++) {
                for (int n = 0; n < ROWS; n++) {
                    for (int i = 0; i < HALF; i++) {
                        int row = (int) from.offset(b, h, n);
                        int first = row + (pairs == Rotation.Pairs.HALVES ? i : 2 * i);
                        int second = row + (pairs == Rotation.Pairs.HALVES ? HALF + i : 2 * i + 1);
                        float c = cos[n * HALF + i];
                        float s = sin[n * HALF + i];
                        assertThat(out[first]).isCloseTo(x[first] * c - x[second] * s, within(1e-6f));
                        assertThat(out[second]).isCloseTo(x[second] * c + x[first] * s, within(1e-6f));
                    }
                }
            }
        }
        Rotation.turn(rows(out, width), rows(out, width), MemorySegment.ofArray(cos), MemorySegment.ofArray(sin), pairs,
                true);
        assertThat(out).containsExactly(x, within(2e-6f));
    }

    @Test
    void refusesShapesThatDoNotFit() {
        MemorySegment angles = MemorySegment.ofArray(new float[4 * 2]);
        Rows x = Rows.contiguous(MemorySegment.ofArray(new float[16]), 1, 1, 4, 4);
        assertThatThrownBy(() -> Rotation.turn(x, Rows.contiguous(x.data(), 1, 1, 2, 4), angles, angles,
                Rotation.Pairs.HALVES, false)).hasMessage("out: shape (1, 1, 2, 4), x has (1, 1, 4, 4)");
        MemorySegment few = MemorySegment.ofArray(new float[7]);
        assertThatThrownBy(() -> Rotation.turn(x, x, angles, few, Rotation.Pairs.HALVES, false))
                .hasMessageContaining("hold 8 and 7 floats, (N, d/2) = (4, 2) needs 8");
        Rows odd = Rows.contiguous(x.data(), 1, 1, 4, 3);
        assertThatThrownBy(() -> Rotation.turn(odd, odd, angles, angles, Rotation.Pairs.HALVES, false))
                .hasMessageContaining("width 3, must be even");
    }

    private static Rows rows(float[] data, int width) {
        return new Rows(MemorySegment.ofArray(data), BATCH, HEADS, ROWS, width, (long) ROWS * HEADS * width, width,
                (long) HEADS * width);
    }

    private static float[] random(SplittableRandom random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextDouble(-2, 2);
        }
        return values;
    }
}
