package io.heed.kernels;

import java.lang.foreign.MemorySegment;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import static org.assertj.core.api.Assertions.assertThat;

class PanelsTest {
    private static final float STALE = 99f;

    @Property(tries = 200)
    void readsPadsTransposesAndWrites(@ForAll @IntRange(min = 0, max = 9) int rows, @ForAll @IntRange(min = 1,
            max = 40) int width, @ForAll @IntRange(min = 0, max = 3) int gap) {
        int fromRow = width + gap;
        float[] memory = new float[2 + rows * fromRow + width];
        for (int i = 0; i < memory.length; i++) {
            memory[i] = i + 1;
        }
        int toRow = Panels.padded(width);
        float[] panel = stale(1 + rows * toRow);
        Panels.read(MemorySegment.ofArray(memory), 2, fromRow, rows, width, panel, 1, toRow);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < toRow; j++) {
                assertThat(panel[1 + i * toRow + j]).isEqualTo(j < width ? memory[2 + i * fromRow + j] : 0f);
            }
        }

        int turnedRow = Panels.padded(Math.max(1, rows));
        float[] turned = stale(width * turnedRow);
        Panels.transpose(panel, 1, toRow, rows, width, turned, 0, turnedRow);
        for (int j = 0; j < width; j++) {
            for (int i = 0; i < turnedRow; i++) {
                assertThat(turned[j * turnedRow + i]).isEqualTo(i < rows ? memory[2 + i * fromRow + j] : 0f);
            }
        }

        float[] back = stale(memory.length);
        Panels.write(panel, 1, toRow, rows, width, MemorySegment.ofArray(back), 2, fromRow);
        for (int at = 0; at < back.length; at++) {
            boolean inside = at >= 2 && (at - 2) / fromRow < rows && (at - 2) % fromRow < width;
            assertThat(back[at]).isEqualTo(inside ? memory[at] : STALE);
        }
    }

    private static float[] stale(int length) {
        float[] x = new float[length];
        java.util.Arrays.fill(x, STALE);
        return x;
    }
}
