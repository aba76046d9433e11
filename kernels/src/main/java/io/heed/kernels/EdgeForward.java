package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The forward pass of {@link EdgeAttention}: rows by target, a group of rows at a time in scratch. */
final class EdgeForward {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final Scratch SCORES = new Scratch();
    private static final Scratch SHIFT = new Scratch();
    private static final Scratch FACTOR = new Scratch();
    private static final ValueLayout.OfFloat LAYOUT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final EdgeAttention attention;
    private final EdgeScorer scorer;
    private final Csr edges;
    private final int heads;
    private final Rows out;
    private final Rows edgeScores;
    private final MemorySegment statistics;

    EdgeForward(EdgeAttention attention, Rows out, Rows edgeScores, MemorySegment statistics) {
        this.attention = attention;
        this.scorer = new EdgeScorer(attention);
        this.edges = attention.edges();
        this.heads = attention.value().heads();
        this.out = out;
        this.edgeScores = edgeScores;
        this.statistics = statistics;
    }

    void run() {
        edges.forEachGroup(scorer.entries, this::rows);
    }

    private void rows(int first, int end) {
        int from = edges.start[first];
        int count = (edges.start[end] - from) * heads;
        float[] scores = SCORES.atLeast(scorer.length(edges, first, end));
        float[] factor = FACTOR.atLeast(scorer.valueLanes.perHeadLength(1));
        float[] shift = SHIFT.atLeast(scorer.valueLanes.perHeadLength(1));
        Arrays.fill(shift, 0);
        scorer.score(false, edges, first, end, scores, edgeScores);
        if (attention.slope() != 1 || !attention.shifts()) {
            scorer.activate(scores, scores, count);
        }
        for (int row = first; row < end; row++) {
            int at = (edges.start[row] - from) * heads;
            exponentials(row, scores, at, edges.degree(row), shift, factor);
            NodeRows.combine(scorer.valueLanes, scores, at, attention.value(), edges.column, edges.start[row],
                    edges.start[row + 1], factor, out, row);
        }
    }

    /**
     * Turns a row's scores into exponentials, and leaves 1 / (their sum + epsilon) of each head in {@code factor}; both
     * this and the shift also go to the statistics.
     */
    private void exponentials(int row, float[] scores, int at, int degree, float[] shift, float[] factor) {
        if (attention.shifts()) {
            largest(scores, at, degree, heads, shift);
        }
        exponentiate(scores, at, degree, heads, shift, factor);
        invert(factor, heads, attention.epsilon());
        if (statistics != null) {
            long of = 3L * row * heads;
            MemorySegment.copy(shift, 0, statistics, LAYOUT, of * Float.BYTES, heads);
            MemorySegment.copy(factor, 0, statistics, LAYOUT, (of + heads) * Float.BYTES, heads);
        }
    }

    private static void largest(float[] scores, int at, int degree, int heads, float[] shift) {
        for (int h = 0; h < heads; h += LANES) {
            FloatVector most = FloatVector.broadcast(FLOAT, Float.NEGATIVE_INFINITY);
            for (int k = 0, i = at + h; k < degree; k++, i += heads) {
                most = most.max(FloatVector.fromArray(FLOAT, scores, i));
            }
            // A row with -infinity alone must not become infinity - infinity.
            most.blend(0, most.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY)).intoArray(shift, h);
        }
    }

    private static void exponentiate(float[] scores, int at, int degree, int heads, float[] shift, float[] sums) {
        for (int h = 0; h < heads; h += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(h, heads);
            FloatVector most = FloatVector.fromArray(FLOAT, shift, h);
            FloatVector sum = FloatVector.zero(FLOAT);
            for (int k = 0, i = at + h; k < degree; k++, i += heads) {
                FloatVector e = Exponential.exp2(
                        FloatVector.fromArray(FLOAT, scores, i).sub(most).mul(Exponential.LOG2_E));
                e.intoArray(scores, i, in);
                sum = sum.add(e);
            }
            sum.intoArray(sums, h);
        }
    }

    /** 1 / (sum + epsilon), 0 for 0. */
    private static void invert(float[] sums, int heads, float epsilon) {
        for (int h = 0; h < heads; h++) {
            float sum = sums[h] + epsilon;
            sums[h] = sum == 0 ? 0 : 1 / sum;
        }
    }
}
