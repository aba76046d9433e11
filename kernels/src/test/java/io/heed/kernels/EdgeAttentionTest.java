package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class EdgeAttentionTest {
    private static final double TOLERANCE = 2e-5;

    @ParameterizedTest(name = "{0} heads of {1}, values of {2}, {3} edges")
    @CsvSource({"8, 8, 8, 40", "4, 4, 4, 40", "3, 5, 7, 30", "1, 1, 1, 20", "2, 16, 32, 40", "5, 2, 20, 25",
            "1, 64, 48, 30",
        "17, 1, 2, 20", "2, 8, 8, 1", "2, 4, 3, 0"})
    void dotProductMatchesTheDefinition(int heads, int width, int valueWidth, int edges) {
        Random random = new Random(heads * 31L + width);
        EdgeReference.Case of = new EdgeReference.Case(random, 7, 6, edges, heads, width, valueWidth);
        dot(of, random, 1);
        check(of);
        of.bias = EdgeReference.Case.normal(random, edges * heads, 1);
        check(of);
        of.modulation = EdgeReference.Case.normal(random, edges * heads * width, 1);
        check(of);
        of.limit = 0.4;
        of.epsilon = 1e-6;
        check(of);
    }

    @ParameterizedTest(name = "{0} heads, values of {1}")
    @CsvSource({"8, 8", "3, 5", "1, 16", "20, 2"})
    void additiveScoreMatchesTheDefinition(int heads, int valueWidth) {
        Random random = new Random(heads);
        EdgeReference.Case of = new EdgeReference.Case(random, 8, 8, 30, heads, 1, valueWidth);
        of.near = EdgeReference.Case.normal(random, 8 * heads, 1);
        of.far = EdgeReference.Case.normal(random, 8 * heads, 1);
        of.slope = 0.2;
        check(of);
        of.bias = EdgeReference.Case.normal(random, 30 * heads, 1);
        check(of);
        of.near = new double[0];
        of.far = new double[0];
        check(of);
    }

    @Test
    void clampedScoresHaveNoGradient() {
        Random random = new Random(3);
        EdgeReference.Case of = new EdgeReference.Case(random, 5, 5, 20, 2, 4, 4);
        dot(of, random, 6);
        of.limit = 5;
        check(of);
    }

    @Test
    void aRowLongerThanAGroupMatchesTheDefinition() {
        Random random = new Random(4);
        EdgeReference.Case of = new EdgeReference.Case(random, 2, 9, 1300, 2, 3, 8);
        dot(of, random, 1);
        check(of);
        of.modulation = EdgeReference.Case.normal(random, of.source.length * 6, 1);
        checkForward(of);
    }

    @Test
    void aHubsRowIsBegunFirstAndEveryRowIsDone() {
        int nodes = 9_000;
        int[] source = new int[20_000];
        int[] target = new int[source.length];
        for (int e = 0; e < source.length; e++) {
            source[e] = e % nodes;
            target[e] = e < 5_000 ? nodes - 2 : e < 13_000 ? nodes - 1 : e % nodes;
        }
        Csr edges = Csr.of(nodes, nodes, source, target);
        List<Integer> begun = new ArrayList<>();
        boolean[] done = new boolean[nodes];
        Workers.run(1, alone -> Workers.run(1, task -> edges.forEachGroup(64, (first, end) -> {
            begun.add(end - 1);
            Arrays.fill(done, first, end, true);
        })));
        assertThat(begun.getFirst()).as("the longest row").isEqualTo(nodes - 1);
        assertThat(begun.indexOf(nodes - 2)).as("the next longest").isLessThan(begun.size() / 10);
        assertThat(done).doesNotContain(false);
    }

    @Test
    void largeScoresDoNotOverflow() {
        Random random = new Random(5);
        EdgeReference.Case of = new EdgeReference.Case(random, 5, 5, 30, 2, 8, 8);
        dot(of, random, 40);
        checkForward(of);
    }

    @Test
    void anIsolatedNodeAndEdgesOfNoWeightGiveZero() {
        try (Arena arena = Arena.ofShared()) {
            Csr edges = Csr.of(3, 3, new int[] {0, 1}, new int[] {0, 0});
            Rows value = view(arena, new double[] {1, 2, 3}, 1, 3, 1);
            Rows bias = view(arena, new double[] {Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY}, 1, 2, 1);
            Rows out = view(arena, new double[] {9, 9, 9}, 1, 3, 1);
            new EdgeAttention(edges, new EdgeScore.BiasOnly(), bias, value, 1, Float.POSITIVE_INFINITY, 0)
                    .forward(out, null, null);
            assertThat(read(out)).containsExactly(0, 0, 0);
        }
    }

    @Test
    void oneSelfLoopReturnsTheNodesOwnValue() {
        try (Arena arena = Arena.ofShared()) {
            Csr edges = Csr.of(1, 1, new int[] {0}, new int[] {0});
            Rows x = view(arena, new double[] {3, -4}, 1, 1, 2);
            Rows out = view(arena, new double[2], 1, 1, 2);
            EdgeAttention.dotProduct(edges, x, x, x, 1).forward(out, null, null);
            assertThat(read(out)).containsExactly(3, -4);
        }
    }

    @Test
    void rowsMayBeSlicesOfAPackedProjection() {
        Random random = new Random(6);
        EdgeReference.Case of = new EdgeReference.Case(random, 9, 9, 50, 2, 8, 8);
        dot(of, random, 1);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment packed = arena.allocate(9L * 48 * Float.BYTES, Float.BYTES);
            double[][] parts = {of.near, of.far, of.value};
            Rows[] views = new Rows[3];
            for (int p = 0; p < 3; p++) {
                for (int i = 0; i < parts[p].length; i++) {
                    packed.setAtIndex(ValueLayout.JAVA_FLOAT, i / 16 * 48L + p * 16 + i % 16, (float) parts[p][i]);
                }
                views[p] = new Rows(packed.asSlice(p * 16L * Float.BYTES), 1, 2, 9, 8, 0, 8, 48);
            }
            Rows out = view(arena, new double[9 * 16], 2, 9, 8);
            EdgeAttention.dotProduct(Csr.of(9, 9, of.source, of.target), views[0], views[1], views[2],
                    (float) of.scale)
                    .forward(out, null, null);
            near(out, EdgeReference.forward(of).out(), "out");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void resultsDoNotDependOnHowWorkIsShared(int run) {
        // A pool that is busy runs everything on the caller's thread: the same bits must come out.
        Random random = new Random(7);
        EdgeReference.Case of = new EdgeReference.Case(random, 900, 900, 6000, 4, 8, 8);
        dot(of, random, 1);
        try (Arena arena = Arena.ofShared()) {
            float[][] shared = gradients(arena, of);
            float[][][] alone = new float[1][][];
            Workers.run(1, task -> alone[0] = gradients(arena, of));
            for (int i = 0; i < shared.length; i++) {
                assertThat(alone[0][i]).containsExactly(shared[i]);
            }
        }
    }

    @Test
    void wrongArgumentsAreNamedWithBothNumbers() {
        try (Arena arena = Arena.ofShared()) {
            Csr edges = Csr.of(3, 2, new int[] {0, 1}, new int[] {2, 0});
            Rows three = view(arena, new double[6], 1, 3, 2);
            Rows two = view(arena, new double[4], 1, 2, 2);
            assertThatThrownBy(() -> EdgeAttention.dotProduct(edges, three, three, two, 1))
                    .hasMessage("key rows is 3, must be 2");
            assertThatThrownBy(() -> EdgeAttention.dotProduct(edges, three, two, two, 1).forward(two, null, null))
                    .hasMessage("out rows is 2, must be 3");
            assertThatThrownBy(() -> EdgeAttention.dotProduct(edges, three, two, two, 1).forward(three, three, null))
                    .hasMessage("edge scores need a dot product with a modulation");
            MemorySegment small = arena.allocate(8);
            assertThatThrownBy(() -> EdgeAttention.dotProduct(edges, three, two, two, 1).forward(three, null, small))
                    .hasMessage("statistics hold 2 floats, must be at least 9");
            assertThatThrownBy(() -> Csr.of(3, 2, new int[] {0, 2}, new int[] {2, 0}))
                    .hasMessage("edge 1 starts at node 2, must be 0 to 1");
            assertThatThrownBy(() -> Csr.of(3, 2, new int[] {0, 1}, new int[] {-1, 0}))
                    .hasMessage("edge 0 ends at node -1, must be 0 to 2");
        }
    }

    static void dot(EdgeReference.Case of, Random random, double spread) {
        of.dot = true;
        of.scale = (float) (1 / Math.sqrt(of.width));
        of.near = EdgeReference.Case.normal(random, of.targets * of.heads * of.width, spread);
        of.far = EdgeReference.Case.normal(random, of.sources * of.heads * of.width, spread);
    }

    private static void checkForward(EdgeReference.Case of) {
        try (Arena arena = Arena.ofShared()) {
            Rows out = view(arena, new double[of.targets * of.heads * of.valueWidth], of.heads, of.targets,
                    of.valueWidth);
            attention(arena, of).forward(out, null, null);
            near(out, EdgeReference.forward(of).out(), "out");
        }
    }

    private static void check(EdgeReference.Case of) {
        Random random = new Random(11);
        double[] gradOut = EdgeReference.Case.normal(random, of.targets * of.heads * of.valueWidth, 1);
        double[] gradScores = EdgeReference.Case.normal(random, of.modulation.length, 1);
        int edges = of.source.length;
        try (Arena arena = Arena.ofShared()) {
            EdgeAttention attention = attention(arena, of);
            Rows out = view(arena, new double[gradOut.length], of.heads, of.targets, of.valueWidth);
            boolean modulated = of.modulation.length > 0;
            Rows scores = modulated ? view(arena, new double[gradScores.length], of.heads, edges, of.width) : null;
            MemorySegment statistics =
                    arena.allocate(EdgeAttention.statisticsLength(of.targets, of.heads) * Float.BYTES, Float.BYTES);
            attention.forward(out, scores, statistics);
            EdgeReference.Outputs expected = EdgeReference.forward(of);
            near(out, expected.out(), "out");
            if (modulated) {
                near(scores, expected.edgeScores(), "edge scores");
            }
            int width = of.dot ? of.width : 1;
            Rows target = of.near.length == 0 ? null : view(arena, new double[of.near.length], of.heads, of.targets,
                    width);
            Rows source = of.far.length == 0 ? null : view(arena, new double[of.far.length], of.heads, of.sources,
                    width);
            Rows modulation = modulated ? view(arena, new double[of.modulation.length], of.heads, edges, width) : null;
            Rows bias = of.bias.length == 0 ? null : view(arena, new double[of.bias.length], of.heads, edges, 1);
            Rows value = view(arena, new double[of.value.length], of.heads, of.sources, of.valueWidth);
            attention.backward(view(arena, gradOut, of.heads, of.targets, of.valueWidth),
                    modulated ? view(arena, gradScores, of.heads, edges, of.width) : null, statistics,
                    new EdgeAttention.Gradients(target, source, modulation, bias, value));
            near(target, EdgeReference.gradient(of, of.near, gradOut, gradScores), "gradient of target");
            near(source, EdgeReference.gradient(of, of.far, gradOut, gradScores), "gradient of source");
            near(modulation, EdgeReference.gradient(of, of.modulation, gradOut, gradScores), "gradient of modulation");
            near(bias, EdgeReference.gradient(of, of.bias, gradOut, gradScores), "gradient of bias");
            near(value, EdgeReference.gradient(of, of.value, gradOut, gradScores), "gradient of value");
        }
    }

    /** Output and gradients of one run; of a case with as many sources as targets and one width for all. */
    static float[][] gradients(Arena arena, EdgeReference.Case of) {
        EdgeAttention attention = attention(arena, of);
        Rows out = view(arena, new double[of.value.length], of.heads, of.targets, of.valueWidth);
        MemorySegment statistics =
                arena.allocate(EdgeAttention.statisticsLength(of.targets, of.heads) * Float.BYTES, Float.BYTES);
        attention.forward(out, null, statistics);
        Rows[] gradients = new Rows[3];
        for (int i = 0; i < 3; i++) {
            gradients[i] = view(arena, new double[of.value.length], of.heads, of.sources, of.valueWidth);
        }
        attention.backward(out, null, statistics,
                new EdgeAttention.Gradients(gradients[0], gradients[1], null, null, gradients[2]));
        return new float[][] {read(out), read(gradients[0]), read(gradients[1]), read(gradients[2])};
    }

    private static EdgeAttention attention(Arena arena, EdgeReference.Case of) {
        int edges = of.source.length;
        EdgeScore score;
        if (of.dot) {
            score = new EdgeScore.DotProduct(view(arena, of.near, of.heads, of.targets, of.width),
                    view(arena, of.far, of.heads, of.sources, of.width),
                    of.modulation.length == 0 ? null : view(arena, of.modulation, of.heads, edges, of.width),
                    (float) of.scale);
        } else if (of.near.length > 0) {
            score = new EdgeScore.Additive(view(arena, of.near, of.heads, of.targets, 1),
                    view(arena, of.far, of.heads, of.sources, 1));
        } else {
            score = new EdgeScore.BiasOnly();
        }
        return new EdgeAttention(Csr.of(of.targets, of.sources, of.source, of.target), score,
                of.bias.length == 0 ? null : view(arena, of.bias, of.heads, edges, 1),
                view(arena, of.value, of.heads, of.sources, of.valueWidth), (float) of.slope, (float) of.limit,
                (float) of.epsilon);
    }

    /** A (1, H, rows, d) view of a dense (rows, H, d) copy in native memory that ends right behind it. */
    static Rows view(Arena arena, double[] values, int heads, int rows, int width) {
        MemorySegment data = arena.allocate((long) values.length * Float.BYTES, Float.BYTES);
        for (int i = 0; i < values.length; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values[i]);
        }
        return new Rows(data, 1, heads, rows, width, 0, width, (long) heads * width);
    }

    static float[] read(Rows rows) {
        return rows.data().toArray(ValueLayout.JAVA_FLOAT);
    }

    static void near(Rows got, double[] expected, String what) {
        if (got == null) {
            return;
        }
        float[] values = read(got);
        assertThat(values).as(what).hasSameSizeAs(expected);
        double largest = 1;
        for (double e : expected) {
            largest = Math.max(largest, Math.abs(e));
        }
        for (int i = 0; i < values.length; i++) {
            if (!(Math.abs(values[i] - expected[i]) <= TOLERANCE * largest)) {
                throw new AssertionError(what + "[" + i + "] is " + values[i] + ", expected " + expected[i]);
            }
        }
    }
}
