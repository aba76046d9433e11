package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.heed.kernels.NeighbourAggregation.Kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class NeighbourAggregationTest {
    private static final int TARGETS = 9;
    private static final int SOURCES = 8;
    private static final int EDGES = 40;

    @ParameterizedTest
    @EnumSource(Kind.class)
    void outputsAndGradientsMatchTheDefinition(Kind kind) {
        for (int width : new int[] {1, 7, 16, 70, 130}) {
            for (boolean weighted : kind == Kind.MAX ? new boolean[] {false} : new boolean[] {false, true}) {
                check(kind, width, weighted);
            }
        }
    }

    @Test
    void theFirstOfEqualMaximaTakesTheWholeGradient() {
        try (Arena arena = Arena.ofShared()) {
            Csr edges = Csr.of(1, 3, new int[] {2, 0, 1}, new int[] {0, 0, 0});
            Rows x = EdgeAttentionTest.view(arena, new double[] {5, 1, 5}, 1, 3, 1);
            Rows out = EdgeAttentionTest.view(arena, new double[1], 1, 1, 1);
            MemorySegment winners = arena.allocate(4, 4);
            NeighbourAggregation.forward(Kind.MAX, edges, x, null, out, winners);
            Rows gradX = EdgeAttentionTest.view(arena, new double[3], 1, 3, 1);
            NeighbourAggregation.backward(Kind.MAX, edges, x, null, out, winners, gradX);
            assertThat(EdgeAttentionTest.read(out)).containsExactly(5);
            assertThat(EdgeAttentionTest.read(gradX)).containsExactly(0, 0, 5);
        }
    }

    @Test
    void anEdgesWeightGetsItsTargetsGradientTimesItsSource() {
        for (int width : new int[] {1, 7, 16, 70}) {
            Random random = new Random(width);
            int[] source = random.ints(EDGES, 0, SOURCES).toArray();
            int[] target = random.ints(EDGES, 0, TARGETS).toArray();
            double[] x = EdgeReference.Case.normal(random, SOURCES * width, 1);
            double[] gradOut = EdgeReference.Case.normal(random, TARGETS * width, 1);
            double[] expected = new double[EDGES];
            for (int e = 0; e < EDGES; e++) {
                for (int c = 0; c < width; c++) {
                    expected[e] += gradOut[target[e] * width + c] * x[source[e] * width + c];
                }
            }
            try (Arena arena = Arena.ofShared()) {
                Rows found = EdgeAttentionTest.view(arena, new double[EDGES], 1, EDGES, 1);
                NeighbourAggregation.weightGradient(Csr.of(TARGETS, SOURCES, source, target),
                        EdgeAttentionTest.view(arena, x, 1, SOURCES, width),
                        EdgeAttentionTest.view(arena, gradOut, 1, TARGETS, width), found.data());
                EdgeAttentionTest.near(found, expected, "gradient of weights at width " + width);
            }
        }
    }

    @Test
    void wrongArgumentsAreNamed() {
        try (Arena arena = Arena.ofShared()) {
            Csr edges = Csr.of(2, 3, new int[] {2, 0}, new int[] {0, 1});
            Rows x = EdgeAttentionTest.view(arena, new double[3], 1, 3, 1);
            Rows out = EdgeAttentionTest.view(arena, new double[2], 1, 2, 1);
            MemorySegment four = arena.allocate(4);
            assertThatThrownBy(() -> NeighbourAggregation.forward(Kind.SUM, edges, out, null, out, null))
                    .hasMessage("x rows is 2, must be 3");
            assertThatThrownBy(() -> NeighbourAggregation.forward(Kind.SUM, edges, x, four, out, null))
                    .hasMessage("weights hold 1 floats, must be 2");
            assertThatThrownBy(() -> NeighbourAggregation.forward(Kind.MAX, edges, x, four, out, null))
                    .hasMessage("weights were given, but the largest value takes none");
            assertThatThrownBy(() -> NeighbourAggregation.backward(Kind.MAX, edges, x, null, out, four, x))
                    .hasMessage("winners hold 1 ints, must be 2");
        }
    }

    private static void check(Kind kind, int width, boolean weighted) {
        Random random = new Random(width);
        int[] source = random.ints(EDGES, 0, SOURCES - 1).toArray();
        int[] target = random.ints(EDGES, 0, TARGETS - 1).toArray();
        double[] x = EdgeReference.Case.normal(random, SOURCES * width, 1);
        double[] w = EdgeReference.Case.normal(random, EDGES, 1);
        double[] gradOut = EdgeReference.Case.normal(random, TARGETS * width, 1);
        double[] out = new double[TARGETS * width];
        double[] gradX = new double[SOURCES * width];
        int[] degree = new int[TARGETS];
        for (int t : target) {
            degree[t]++;
        }
        for (int c = 0; c < width; c++) {
            int[] best = new int[TARGETS];
            Arrays.fill(best, -1);
            for (int e = 0; e < EDGES; e++) {
                int t = target[e];
                int s = source[e] * width + c;
                double factor = weighted ? w[e] : 1;
                switch (kind) {
                    case SUM -> {
                        out[t * width + c] += factor * x[s];
                        gradX[s] += factor * gradOut[t * width + c];
                    }
                    case MEAN -> {
                        out[t * width + c] += factor * x[s] / degree[t];
                        gradX[s] += factor * gradOut[t * width + c] / degree[t];
                    }
                    case SUM_OF_SQUARES -> {
                        out[t * width + c] += factor * x[s] * x[s];
                        gradX[s] += 2 * factor * x[s] * gradOut[t * width + c];
                    }
                    case MAX -> best[t] = best[t] < 0 || x[s] > x[source[best[t]] * width + c] ? e : best[t];
                }
            }
            for (int t = 0; t < TARGETS && kind == Kind.MAX; t++) {
                if (best[t] >= 0) {
                    out[t * width + c] = x[source[best[t]] * width + c];
                    gradX[source[best[t]] * width + c] += gradOut[t * width + c];
                }
            }
        }
        try (Arena arena = Arena.ofShared()) {
            Csr edges = Csr.of(TARGETS, SOURCES, source, target);
            Rows values = EdgeAttentionTest.view(arena, x, 1, SOURCES, width);
            MemorySegment weights = weighted ? EdgeAttentionTest.view(arena, w, 1, EDGES, 1).data() : null;
            Rows got = EdgeAttentionTest.view(arena, new double[out.length], 1, TARGETS, width);
            MemorySegment winners = arena.allocate(ValueLayout.JAVA_INT, out.length);
            NeighbourAggregation.forward(kind, edges, values, weights, got, winners);
            EdgeAttentionTest.near(got, out, kind + " of width " + width);
            Rows gotGradient = EdgeAttentionTest.view(arena, new double[gradX.length], 1, SOURCES, width);
            NeighbourAggregation.backward(kind, edges, values, weights,
                    EdgeAttentionTest.view(arena, gradOut, 1, TARGETS, width), winners, gotGradient);
            EdgeAttentionTest.near(gotGradient, gradX, "gradient of " + kind + " of width " + width);
        }
    }
}
