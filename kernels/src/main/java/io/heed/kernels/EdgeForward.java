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
        // (2, H): shift and inverse normaliser of the row at hand
        float[] factor = FACTOR.atLeast(2 * (heads + LANES));
        scorer.score(false, edges, first, end, scores, edgeScores);
        if (attention.slope() != 1 || !attention.shifts()) {
            scorer.activate(scores, scores, count);
        }
        if (attention.shifts()) {
            for (int row = first; row < end; row++) {
                shift(row, scores, (edges.start[row] - from) * heads, edges.degree(row));
            }
        }
        for (int i = 0; i < count; i += LANES) {
            Exponential.exp(FloatVector.fromArray(FLOAT, scores, i)).intoArray(scores, i);
        }
        for (int row = first; row < end; row++) {
            int at = (edges.start[row] - from) * heads;
            normalize(row, scores, at, edges.degree(row), factor);
            NodeRows.combine(scorer.valueLanes, scores, at, attention.value(), edges.column, edges.start[row],
                    edges.start[row + 1], factor, 0, 1, out, row);
        }
    }

    /** Subtracts each head's largest score of the row and keeps it in the statistics. */
    private void shift(int row, float[] scores, int at, int degree) {
        for (int h = 0; h < heads; h += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(h, heads);
            FloatVector most = FloatVector.broadcast(FLOAT, Float.NEGATIVE_INFINITY);
            for (int k = 0; k < degree; k++) {
                most = most.max(FloatVector.fromArray(FLOAT, scores, at + k * heads + h));
            }
            // A row with -infinity alone must not become infinity - infinity.
            most = most.blend(0, most.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
            for (int k = 0; k < degree; k++) {
                int i = at + k * heads + h;
                FloatVector.fromArray(FLOAT, scores, i).sub(most).intoArray(scores, i, in);
            }
            if (statistics != null) {
                NodeRows.store(most, statistics, 3L * row * heads * Float.BYTES, h, in);
            }
        }
    }

    /** Leaves 1 / (sum of the row's exponentials + epsilon) of each head in {@code factor} and in the statistics. */
    private void normalize(int row, float[] exponentials, int at, int degree, float[] factor) {
        float epsilon = attention.epsilon();
        for (int h = 0; h < heads; h += LANES) {
            FloatVector sum = FloatVector.broadcast(FLOAT, epsilon);
            for (int k = 0; k < degree; k++) {
                sum = sum.add(FloatVector.fromArray(FLOAT, exponentials, at + k * heads + h));
            }
            FloatVector inverse = FloatVector.broadcast(FLOAT, 1).div(sum);
            inverse = inverse.blend(0, sum.compare(VectorOperators.EQ, 0));
            inverse.intoArray(factor, h);
            if (statistics != null) {
                VectorMask<Float> in = FLOAT.indexInRange(h, heads);
                if (!attention.shifts()) {
                    NodeRows.store(FloatVector.zero(FLOAT), statistics, 3L * row * heads * Float.BYTES, h, in);
                }
                NodeRows.store(inverse, statistics, (3L * row + 1) * heads * Float.BYTES, h, in);
            }
        }
    }
}
