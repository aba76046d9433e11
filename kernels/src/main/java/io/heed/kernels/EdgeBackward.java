package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The backward pass of {@link EdgeAttention}. With dP_e = gradOut_t . value_s and D_t = sum over edges into t of p_e
 * dP_e, a score's gradient is dS_e = p_e (dP_e - D_t), through the activation. The pass by target leaves D_t in the
 * statistics and fills what belongs to targets and edges; the pass by source fills what belongs to sources.
 */
final class EdgeBackward {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final Scratch RAW = new Scratch();
    private static final Scratch WEIGHTS = new Scratch();
    private static final Scratch GRADIENTS = new Scratch();
    private static final Scratch ROW = new Scratch();
    private static final Scratch VECTORS = new Scratch();

    private final EdgeAttention attention;
    private final EdgeScorer scorer;
    private final int heads;
    private final Rows gradOut;
    private final Rows gradEdgeScores;
    private final MemorySegment statistics;
    private final EdgeAttention.Gradients gradients;
    /** A factor of each head: 1, and the scale of a dot product. */
    private final float[] ones;
    private final float[] scales;

    EdgeBackward(EdgeAttention attention, Rows gradOut, Rows gradEdgeScores, MemorySegment statistics,
            EdgeAttention.Gradients gradients) {
        this.attention = attention;
        this.scorer = new EdgeScorer(attention);
        this.heads = attention.value().heads();
        this.gradOut = gradOut;
        this.gradEdgeScores = gradEdgeScores;
        this.statistics = statistics;
        this.gradients = gradients;
        ones = scorer.perHead(1);
        scales = scorer.perHead(attention.score() instanceof EdgeScore.DotProduct dot ? dot.scale() : 1);
    }

    void run() {
        Csr edges = attention.edges();
        edges.forEachGroup(scorer.entries, (first, end) -> byTarget(edges, first, end));
        if (gradients.source() != null || gradients.value() != null) {
            Csr transposed = edges.transpose();
            transposed.forEachGroup(scorer.entries, (first, end) -> bySource(transposed, first, end));
        }
    }

    private void byTarget(Csr walk, int first, int end) {
        int length = scorer.length(walk, first, end);
        float[] raw = RAW.atLeast(length);
        float[] weights = WEIGHTS.atLeast(length);
        float[] scoreGradients = GRADIENTS.atLeast(length);
        int from = walk.start[first];
        int count = (walk.start[end] - from) * heads;
        scorer.score(false, walk, first, end, raw, null);
        scorer.activate(raw, weights, count);
        scorer.dots(scorer.valueLanes, gradOut, attention.value(), walk, first, end, scoreGradients);
        for (int row = first; row < end; row++) {
            targetGradients(row, walk.degree(row), (walk.start[row] - from) * heads, weights, scoreGradients);
        }
        scorer.throughActivation(scoreGradients, raw, count);
        if (gradients.bias() != null) {
            for (int slot = from; slot < walk.start[end]; slot++) {
                storeHeads(scoreGradients, (slot - from) * heads, gradients.bias(), walk.edge[slot]);
            }
        }
        if (gradients.target() != null || gradients.modulation() != null) {
            endGradients(false, walk, first, end, scoreGradients, gradients.target());
        }
    }

    /** Turns dP into dS for one target's entries, and keeps D in the statistics. */
    private void targetGradients(int row, int degree, int at, float[] scores, float[] gradient) {
        long of = 3L * row * heads * Float.BYTES;
        weigh(statistics, of, degree, at, heads, scores, gradient);
        centre(statistics, of, degree, at, heads, scores, gradient);
    }

    /** Turns one target's scores into p, and leaves D = sum of p dP. */
    private static void weigh(MemorySegment statistics, long of, int degree, int at, int heads, float[] scores,
            float[] gradient) {
        for (int h = 0; h < heads; h += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(h, heads);
            FloatVector shift = NodeRows.load(statistics, of, h, in);
            FloatVector inverse = NodeRows.load(statistics, of, heads + h, in);
            FloatVector mean = FloatVector.zero(FLOAT);
            for (int k = 0, i = at + h; k < degree; k++, i += heads) {
                FloatVector p = Exponential.exp2(
                        FloatVector.fromArray(FLOAT, scores, i).sub(shift).mul(Exponential.LOG2_E)).mul(inverse);
                p.intoArray(scores, i, in);
                mean = p.fma(FloatVector.fromArray(FLOAT, gradient, i), mean);
            }
            NodeRows.store(mean, statistics, of, 2 * heads + h, in);
        }
    }

    /** dS = p (dP - D) over dP, of one target. */
    private static void centre(MemorySegment statistics, long of, int degree, int at, int heads, float[] scores,
            float[] gradient) {
        for (int h = 0; h < heads; h += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(h, heads);
            FloatVector mean = NodeRows.load(statistics, of, 2 * heads + h, in);
            for (int k = 0, i = at + h; k < degree; k++, i += heads) {
                FloatVector.fromArray(FLOAT, scores, i).mul(FloatVector.fromArray(FLOAT, gradient, i).sub(mean))
                        .intoArray(gradient, i, in);
            }
        }
    }

    private void bySource(Csr walk, int first, int end) {
        int length = scorer.length(walk, first, end);
        float[] raw = RAW.atLeast(length);
        float[] weights = WEIGHTS.atLeast(length);
        float[] scoreGradients = GRADIENTS.atLeast(length);
        int from = walk.start[first];
        int count = (walk.start[end] - from) * heads;
        scorer.score(true, walk, first, end, raw, null);
        scorer.activate(raw, weights, count);
        scorer.dots(scorer.valueLanes, attention.value(), gradOut, walk, first, end, scoreGradients);
        sourceGradients(walk.column, from, walk.start[end], weights, scoreGradients);
        scorer.throughActivation(scoreGradients, raw, count);
        if (gradients.value() != null) {
            for (int row = first; row < end; row++) {
                NodeRows.combine(scorer.valueLanes, weights, (walk.start[row] - from) * heads, gradOut, walk.column,
                        walk.start[row], walk.start[row + 1], ones, gradients.value(), row);
            }
        }
        if (gradients.source() != null) {
            endGradients(true, walk, first, end, scoreGradients, gradients.source());
        }
    }

    /** Turns scores into p and dP into dS, for entries by source. */
    private void sourceGradients(int[] target, int from, int to, float[] scores, float[] gradient) {
        for (int h = 0; h < heads; h += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(h, heads);
            for (int slot = from, i = h; slot < to; slot++, i += heads) {
                long of = 3L * target[slot] * heads * Float.BYTES;
                FloatVector shifted = FloatVector.fromArray(FLOAT, scores, i).sub(NodeRows.load(statistics, of, h, in));
                FloatVector p = Exponential.exp2(shifted.mul(Exponential.LOG2_E))
                        .mul(NodeRows.load(statistics, of, heads + h, in));
                p.intoArray(scores, i, in);
                p.mul(FloatVector.fromArray(FLOAT, gradient, i).sub(NodeRows.load(statistics, of, 2 * heads + h, in)))
                        .intoArray(gradient, i, in);
            }
        }
    }

    /** Gradients of the query or target term (by target), or of the key or source term (by source); may be null. */
    private void endGradients(boolean bySource, Csr walk, int first, int end, float[] scoreGradients, Rows into) {
        int from = walk.start[first];
        switch (attention.score()) {
            case EdgeScore.DotProduct(Rows query, Rows key, Rows modulation, float scale) -> {
                Rows near = bySource ? key : query;
                Rows far = bySource ? query : key;
                for (int row = first; row < end; row++) {
                    int at = (walk.start[row] - from) * heads;
                    if (modulation == null) {
                        NodeRows.combine(scorer.scoreLanes, scoreGradients, at, far, walk.column, walk.start[row],
                                walk.start[row + 1], scales, into, row);
                    } else {
                        modulated(near, far, modulation, scale, walk, row, scoreGradients, at, into,
                                bySource ? null : gradients.modulation());
                    }
                }
            }
            case EdgeScore.Additive additive -> {
                for (int row = first; row < end; row++) {
                    sumEntries(walk.degree(row), scoreGradients, (walk.start[row] - from) * heads, into, row);
                }
            }
            case EdgeScore.BiasOnly none -> { }
        }
    }

    /**
     * With a modulation, a row's entries a few at a time: what reaches their vector scores is worked out in scratch
     * first, so that the loops over edges hold no branch.
     */
    private void modulated(Rows near, Rows far, Rows modulation, float scale, Csr walk, int row, float[] scoreGradients,
            int at, Rows into, Rows gradModulation) {
        HeadLanes lanes = scorer.scoreLanes;
        int padded = Panels.padded(lanes.row);
        float[] sum = ROW.atLeast(padded);
        Arrays.fill(sum, 0, padded, 0);
        float[] vectors = VECTORS.atLeast(scorer.entries * padded);
        for (int from = walk.start[row]; from < walk.start[row + 1]; from += scorer.entries) {
            int to = Math.min(from + scorer.entries, walk.start[row + 1]);
            ModulatedRows.spread(lanes, scoreGradients, at + (from - walk.start[row]) * heads, to - from, scale,
                    vectors);
            if (gradEdgeScores != null) {
                ModulatedRows.add(lanes, gradEdgeScores, walk.edge, from, to, scale, vectors);
            }
            ModulatedRows.toFar(lanes, far, walk.column, from, to, vectors);
            ModulatedRows.sum(lanes, modulation, walk.edge, from, to, vectors, sum);
            if (gradModulation != null) {
                ModulatedRows.store(lanes, near, row, gradModulation, walk.edge, from, to, vectors);
            }
        }
        if (into != null) {
            Panels.write(sum, 0, padded, 1, lanes.row, into.data(), into.offset(0, 0, row), into.rowStride());
        }
    }

    private void sumEntries(int degree, float[] scoreGradients, int at, Rows into, int row) {
        for (int h = 0; h < heads; h += LANES) {
            FloatVector sum = FloatVector.zero(FLOAT);
            for (int k = 0; k < degree; k++) {
                sum = sum.add(FloatVector.fromArray(FLOAT, scoreGradients, at + k * heads + h));
            }
            NodeRows.store(sum, into.data(), into.offset(0, 0, row) * Float.BYTES, h,
                    FLOAT.indexInRange(h, heads));
        }
    }

    private void storeHeads(float[] values, int at, Rows into, int row) {
        for (int h = 0; h < heads; h += LANES) {
            NodeRows.store(FloatVector.fromArray(FLOAT, values, at + h), into.data(),
                    into.offset(0, 0, row) * Float.BYTES, h,
                    FLOAT.indexInRange(h, heads));
        }
    }
}
