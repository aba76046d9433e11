package io.heed.kernels;

import java.lang.foreign.MemorySegment;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The forward pass of {@link EdgeAttention}: rows by target, a group of rows at a time in scratch. */
final class EdgeForward {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final Scratch SCORES = new Scratch();
    private static final Scratch FACTOR = new Scratch();

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
        scorer.score(false, edges, first, end, scores, edgeScores);
        if (attention.slope() != 1 || !attention.shifts()) {
            scorer.activate(scores, scores, count);
        }
        for (int row = first; row < end; row++) {
            int at = (edges.start[row] - from) * heads;
            exponentials(row, scores, at, edges.degree(row), factor);
            NodeRows.combine(scorer.valueLanes, scores, at, attention.value(), edges.column, edges.start[row],
                    edges.start[row + 1], factor, 0, 1, out, row);
        }
    }

    /**
     * Turns a row's scores into exponentials, and leaves 1 / (their sum + epsilon) of each head in {@code factor}; both
     * this and the shift also go to the statistics.
     */
    private void exponentials(int row, float[] scores, int at, int degree, float[] factor) {
        boolean shifts = attention.shifts();
        float epsilon = attention.epsilon();
        for (int h = 0; h < heads; h += LANES) {
            VectorMask<Float> in = scorer.valueLanes.headsFrom(h);
            FloatVector shift = FloatVector.zero(FLOAT);
            if (shifts) {
                shift = FloatVector.broadcast(FLOAT, Float.NEGATIVE_INFINITY);
                for (int k = 0, i = at + h; k < degree; k++, i += heads) {
                    shift = shift.max(FloatVector.fromArray(FLOAT, scores, i));
                }
                // A row with -infinity alone must not become infinity - infinity.
                shift = shift.blend(0, shift.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
            }
            FloatVector sum = FloatVector.broadcast(FLOAT, epsilon);
            for (int k = 0, i = at + h; k < degree; k++, i += heads) {
                FloatVector e = Exponential.exp2(
                        FloatVector.fromArray(FLOAT, scores, i).sub(shift).mul(Exponential.LOG2_E));
                e.intoArray(scores, i, in);
                sum = sum.add(e);
            }
            FloatVector inverse = FloatVector.broadcast(FLOAT, 1).div(sum);
            inverse = inverse.blend(0, sum.compare(VectorOperators.EQ, 0));
            inverse.intoArray(factor, h);
            if (statistics != null) {
                long of = 3L * row * heads * Float.BYTES;
                NodeRows.store(shift, statistics, of, h, in);
                NodeRows.store(inverse, statistics, of, heads + h, in);
            }
        }
    }
}
