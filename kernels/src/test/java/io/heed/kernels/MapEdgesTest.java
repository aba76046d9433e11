package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class MapEdgesTest {
    @ParameterizedTest
    @EnumSource(MapEdges.Join.class)
    void findsTheEntriesAboveTheLimitInTheLowerTriangle(MapEdges.Join join) {
        for (int n : new int[] {1, 5, 16, 67, 150}) {
            for (boolean selfEdges : new boolean[] {true, false}) {
                check(join, n, selfEdges);
            }
        }
    }

    @Test
    void aMapThatIsNotSquareIsRefused() {
        try (Arena arena = Arena.ofShared()) {
            Rows maps = EdgeAttentionTest.view(arena, new double[6], 1, 2, 3);
            assertThatThrownBy(() -> MapEdges.above(maps, MapEdges.Join.SUM, 0, true))
                    .hasMessage("width of maps is 3, must be 2");
        }
    }

    private static void check(MapEdges.Join join, int n, boolean selfEdges) {
        Random random = new Random(n);
        float[] weights = new float[2 * 3 * n * n];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = random.nextInt(64) / 64f; // sums are exact
        }
        float limit = join == MapEdges.Join.SUM ? 1.9f : 0.8f;
        Rows maps = Rows.contiguous(MemorySegment.ofArray(weights), 2, 3, n, n);
        Csr edges = MapEdges.above(maps, join, limit, selfEdges);
        assertThat(edges.rows()).isEqualTo(2 * n);
        int slot = 0;
        for (int b = 0; b < 2; b++) {
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < (selfEdges ? i + 1 : i); j++) {
                    float together = 0;
                    for (int h = 0; h < 3; h++) {
                        float one = weights[((b * 3 + h) * n + i) * n + j];
                        together = join == MapEdges.Join.SUM ? together + one : Math.max(together, one);
                    }
                    if (together > limit) {
                        assertThat(edges.column(slot)).isEqualTo(b * n + j);
                        assertThat(edges.edge(slot)).isEqualTo(slot);
                        slot++;
                    }
                }
                assertThat(edges.first(b * n + i + 1)).isEqualTo(slot);
            }
        }
    }
}
