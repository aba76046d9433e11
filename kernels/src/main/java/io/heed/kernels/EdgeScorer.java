package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Scores of the edges of a group of rows, by target or by source: the same loops, with the roles of the two ends
 * exchanged. Scores are kept as (entries, H), entry by entry.
 */
final class EdgeScorer {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    /** Floats of products kept at a time, to stay in the first-level cache. */
    private static final int PRODUCTS = 4096;

    private static final Scratch PRODUCT_SCRATCH = new Scratch();

    private final EdgeAttention attention;
    private final int heads;
    /** Lanes of queries and keys; null without a dot product. */
    final HeadLanes scoreLanes;
    final HeadLanes valueLanes;
    /** Entries whose products are worked out at a time. */
    final int entries;

    EdgeScorer(EdgeAttention attention) {
        this.attention = attention;
        this.heads = attention.value().heads();
        this.valueLanes = new HeadLanes(heads, attention.value().width());
        this.scoreLanes = attention.score() instanceof EdgeScore.DotProduct dot
                ? new HeadLanes(heads, dot.query().width()) : null;
        int widest = Math.max(valueLanes.row, scoreLanes == null ? 1 : scoreLanes.row);
        this.entries = Math.clamp(PRODUCTS / Math.max(1, widest), 8, 128);
    }

    /** {@code value} for each head, in an array that whole vectors may be read from. */
    float[] perHead(float value) {
        float[] values = new float[valueLanes.perHeadLength(1)];
        Arrays.fill(values, value);
        return values;
    }

    /** Floats that an array of scores must hold for the rows {@code first} to {@code end - 1} of {@code walk}. */
    int length(Csr walk, int first, int end) {
        return Math.addExact(Math.multiplyExact(walk.start[end] - walk.start[first], heads), 2 * LANES);
    }

    /**
     * Scores with bias, before the activation, into {@code raw}.
     *
     * @param bySource   whether {@code walk} is the transposed matrix
     * @param edgeScores where the vector scores go, null if not wanted
     */
    void score(boolean bySource, Csr walk, int first, int end, float[] raw, Rows edgeScores) {
        int from = walk.start[first];
        int count = (walk.start[end] - from) * heads;
        switch (attention.score()) {
            case EdgeScore.DotProduct(Rows query, Rows key, Rows modulation, float scale) -> {
                Rows near = bySource ? key : query;
                Rows far = bySource ? query : key;
                if (modulation == null) {
                    dots(scoreLanes, near, far, walk, first, end, raw);
                    for (int i = 0; i < count; i += LANES) {
                        FloatVector.fromArray(FLOAT, raw, i).mul(scale).intoArray(raw, i);
                    }
                } else {
                    modulatedDots(near, far, modulation, scale, walk, first, end, raw, edgeScores);
                }
            }
            case EdgeScore.Additive(Rows target, Rows source) ->
                additive(heads, bySource ? source : target, bySource ? target : source, walk, first, end, raw);
            case EdgeScore.BiasOnly none -> Arrays.fill(raw, 0, count, 0);
        }
        if (attention.bias() != null) {
            addBias(walk, from, walk.start[end], raw);
        }
    }

    /** Head by head dot products of each row of {@code near} with its entries' rows of {@code far}. */
    void dots(HeadLanes lanes, Rows near, Rows far, Csr walk, int first, int end, float[] out) {
        float[] products = PRODUCT_SCRATCH.atLeast(lanes.productsLength(entries));
        int from = walk.start[first];
        if (end - first == 1) {
            for (int slot = from; slot < walk.start[end]; slot += entries) {
                int to = Math.min(slot + entries, walk.start[end]);
                NodeRows.multiply(lanes, near, first, far, walk.column, slot, to, products, 0);
                lanes.sum(products, to - slot, out, (slot - from) * heads);
            }
            return;
        }
        for (int row = first; row < end; row++) {
            NodeRows.multiply(lanes, near, row, far, walk.column, walk.start[row], walk.start[row + 1], products,
                    (walk.start[row] - from) * lanes.row);
        }
        lanes.sum(products, walk.start[end] - from, out, 0);
    }

    private void modulatedDots(Rows near, Rows far, Rows modulation, float scale, Csr walk, int first, int end,
            float[] out, Rows edgeScores) {
        HeadLanes lanes = scoreLanes;
        float[] products = PRODUCT_SCRATCH.atLeast(lanes.productsLength(entries));
        int from = walk.start[first];
        for (int row = first; row < end; row++) {
            // Only a row alone in its group may be longer than the products that are held.
            for (int slot = walk.start[row]; slot < walk.start[row + 1]; slot += entries) {
                int to = Math.min(slot + entries, walk.start[row + 1]);
                ModulatedRows.products(lanes, near, row, far, modulation, scale, walk, slot, to, products);
                if (edgeScores != null) {
                    for (int k = 0; k < to - slot; k++) {
                        Panels.write(products, k * lanes.row, lanes.row, 1, lanes.row, edgeScores.data(),
                                edgeScores.offset(0, 0, walk.edge[slot + k]), edgeScores.rowStride());
                    }
                }
                lanes.sum(products, to - slot, out, (slot - from) * heads);
            }
        }
    }

    private static void additive(int heads, Rows near, Rows far, Csr walk, int first, int end, float[] raw) {
        int from = walk.start[first];
        MemorySegment farData = far.data();
        long farStride = far.rowStride() * Float.BYTES;
        for (int h = 0; h < heads; h += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(h, heads);
            for (int row = first; row < end; row++) {
                FloatVector own = NodeRows.load(near.data(), near.offset(0, 0, row) * Float.BYTES, h, in);
                for (int slot = walk.start[row]; slot < walk.start[row + 1]; slot++) {
                    own.add(NodeRows.load(farData, walk.column[slot] * farStride, h, in))
                            .intoArray(raw, (slot - from) * heads + h, in);
                }
            }
        }
    }

    private void addBias(Csr walk, int from, int to, float[] raw) {
        Rows bias = attention.bias();
        MemorySegment data = bias.data();
        long stride = bias.rowStride() * Float.BYTES;
        for (int h = 0; h < heads; h += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(h, heads);
            for (int slot = from; slot < to; slot++) {
                int at = (slot - from) * heads + h;
                FloatVector.fromArray(FLOAT, raw, at).add(NodeRows.load(data, walk.edge[slot] * stride, h, in))
                        .intoArray(raw, at, in);
            }
        }
    }

    /** The activation of {@code count} scores; {@code scores} may be {@code raw}. */
    void activate(float[] raw, float[] scores, int count) {
        float slope = attention.slope();
        float limit = attention.limit();
        for (int i = 0; i < count; i += LANES) {
            FloatVector s = FloatVector.fromArray(FLOAT, raw, i);
            if (slope != 1) {
                s = s.blend(s.mul(slope), s.compare(VectorOperators.LT, 0));
            }
            if (limit != Float.POSITIVE_INFINITY) {
                s = s.min(limit).max(-limit);
            }
            s.intoArray(scores, i);
        }
    }

    /** Multiplies {@code count} gradients by the derivative of the activation at {@code raw}. */
    void throughActivation(float[] gradient, float[] raw, int count) {
        float slope = attention.slope();
        float limit = attention.limit();
        if (slope == 1 && limit == Float.POSITIVE_INFINITY) {
            return;
        }
        for (int i = 0; i < count; i += LANES) {
            FloatVector g = FloatVector.fromArray(FLOAT, gradient, i);
            FloatVector s = FloatVector.fromArray(FLOAT, raw, i);
            VectorMask<Float> below = s.compare(VectorOperators.LE, 0);
            g = g.blend(g.mul(slope), below);
            s = s.blend(s.mul(slope), below);
            g.blend(0, s.abs().compare(VectorOperators.GT, limit)).intoArray(gradient, i);
        }
    }
}
