package io.heed.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Attention over the edges of a graph, fused: every target node t scores its incoming edges, takes the softmax over
 * them, and sums the sources' values with these weights, for every head:
 *
 * <pre>
 * a_e   = activation(score_e + bias_e)
 * p_e   = exp(a_e - m_t) / (sum over edges f into t of exp(a_f - m_t) + epsilon)
 * out_t = sum over edges e = (s, t) of p_e value_s
 * </pre>
 *
 * m_t is the largest a_e of the node, or 0 where {@code limit} is finite (nothing can overflow then). A node without
 * incoming edges gives 0. Nothing of size edges x heads x d is kept: the backward pass works the scores out again, once
 * by target and once over the transposed matrix by source, so that no two threads write to one place and the result
 * does not depend on their number.
 *
 * <p>A node's heads lie side by side (head stride = width); its rows may have any stride.
 *
 * @param edges   the graph by target
 * @param score   what an edge scores
 * @param bias    (1, H, E, 1) by edge number, head stride 1; null for none
 * @param value   (1, H, sources, dv)
 * @param slope   slope of the activation below 0, as in LeakyReLU; 1 for none
 * @param limit   scores are clamped to [-limit, limit], after the slope; infinity for none, at most 80 otherwise. A
 *                clamped score has gradient 0
 * @param epsilon added to the sum of exponentials
 */
public record EdgeAttention(Csr edges, EdgeScore score, Rows bias, Rows value, float slope, float limit,
        float epsilon) {
    private static final float LARGEST_LIMIT = 80;

    /** @throws IllegalArgumentException that names the argument and both numbers, when shapes do not fit */
    public EdgeAttention {
        Arguments.required("edges", edges);
        Arguments.required("score", score);
        Arguments.required("value", value);
        int heads = value.heads();
        Arguments.range("heads", heads, 1, Integer.MAX_VALUE);
        Arguments.range("value width", value.width(), 1, Integer.MAX_VALUE);
        NodeRows.check("value", value, heads, edges.columns, value.width());
        perHead("bias", bias, heads, edges.edges());
        switch (score) {
            case EdgeScore.DotProduct dot -> {
                Arguments.required("query", dot.query());
                Arguments.required("key", dot.key());
                Arguments.range("query width", dot.query().width(), 1, Integer.MAX_VALUE);
                NodeRows.check("query", dot.query(), heads, edges.rows, dot.query().width());
                NodeRows.check("key", dot.key(), heads, edges.columns, dot.query().width());
                NodeRows.check("modulation", dot.modulation(), heads, edges.edges(), dot.query().width());
            }
            case EdgeScore.Additive additive -> {
                Arguments.required("target term", additive.target());
                Arguments.required("source term", additive.source());
                perHead("target term", additive.target(), heads, edges.rows);
                perHead("source term", additive.source(), heads, edges.columns);
            }
            case EdgeScore.BiasOnly none -> Arguments.required("bias", bias);
        }
        if (!(slope >= 0)) {
            throw new IllegalArgumentException("slope is " + slope + ", must be at least 0");
        }
        if (!(limit > 0 && (limit <= LARGEST_LIMIT || limit == Float.POSITIVE_INFINITY))) {
            throw new IllegalArgumentException("limit is " + limit + ", must be above 0 and at most " + LARGEST_LIMIT
                    + ", or infinite");
        }
        if (!(epsilon >= 0)) {
            throw new IllegalArgumentException("epsilon is " + epsilon + ", must be at least 0");
        }
    }

    /** Softmax attention with {@code scale <query_t, key_s>}; for the shapes see {@link EdgeScore.DotProduct}. */
    public static EdgeAttention dotProduct(Csr edges, Rows query, Rows key, Rows value, float scale) {
        return new EdgeAttention(edges, new EdgeScore.DotProduct(query, key, null, scale), null, value, 1,
                Float.POSITIVE_INFINITY, 0);
    }

    /** Softmax attention with {@code LeakyReLU(target_t + source_s)}; for the shapes see {@link EdgeScore.Additive}. */
    public static EdgeAttention additive(Csr edges, Rows target, Rows source, Rows value, float slope) {
        return new EdgeAttention(edges, new EdgeScore.Additive(target, source), null, value, slope,
                Float.POSITIVE_INFINITY, 0);
    }

    /** Floats of the {@code statistics} that {@link #forward} leaves for {@link #backward}: 3 a target and head. */
    public static long statisticsLength(int targets, int heads) {
        return 3L * targets * heads;
    }

    /**
     * Fills the outputs.
     *
     * @param out        (1, H, targets, dv)
     * @param edgeScores (1, H, E, d): the vector scores of a modulated dot product, before bias and activation; null if
     *                   not wanted
     * @param statistics {@link #statisticsLength} floats; null when no backward pass will follow
     * @throws IllegalArgumentException that names the argument and both numbers, when shapes do not fit
     */
    public void forward(Rows out, Rows edgeScores, MemorySegment statistics) {
        Arguments.required("out", out);
        NodeRows.check("out", out, value.heads(), edges.rows, value.width());
        checkEdgeScores("edge scores", edgeScores);
        checkStatistics(statistics);
        new EdgeForward(this, out, edgeScores, statistics).run();
    }

    /**
     * Fills the gradients that are asked for.
     *
     * @param gradOut        (1, H, targets, dv), gradient of the outputs
     * @param gradEdgeScores (1, H, E, d), gradient of the vector scores; null for 0
     * @param statistics     as {@link #forward} left it; written to
     * @param gradients      what to fill
     * @throws IllegalArgumentException that names the argument and both numbers, when shapes do not fit
     */
    public void backward(Rows gradOut, Rows gradEdgeScores, MemorySegment statistics, Gradients gradients) {
        Arguments.required("gradient of out", gradOut);
        NodeRows.check("gradient of out", gradOut, value.heads(), edges.rows, value.width());
        checkEdgeScores("gradient of edge scores", gradEdgeScores);
        Arguments.required("statistics", statistics);
        checkStatistics(statistics);
        gradients.check(this);
        new EdgeBackward(this, gradOut, gradEdgeScores, statistics, gradients).run();
    }

    /**
     * Gradients that {@link #backward} fills, each in the shape of what it belongs to; null where not wanted.
     *
     * @param target     of the query, or of the additive score's target term
     * @param source     of the key, or of the additive score's source term
     * @param modulation of the modulation
     * @param bias       of the bias
     * @param value      of the values
     */
    public record Gradients(Rows target, Rows source, Rows modulation, Rows bias, Rows value) {
        private void check(EdgeAttention of) {
            int heads = of.value.heads();
            int targets = of.edges.rows;
            int sources = of.edges.columns;
            switch (of.score) {
                case EdgeScore.DotProduct dot -> {
                    NodeRows.check("gradient of query", target, heads, targets, dot.query().width());
                    NodeRows.check("gradient of key", source, heads, sources, dot.query().width());
                    NodeRows.check("gradient of modulation", modulation, heads, of.edges.edges(), dot.query().width());
                    if (modulation != null) {
                        Arguments.required("modulation", dot.modulation());
                    }
                }
                case EdgeScore.Additive additive -> {
                    perHead("gradient of target term", target, heads, targets);
                    perHead("gradient of source term", source, heads, sources);
                    absent("gradient of modulation", modulation);
                }
                case EdgeScore.BiasOnly none -> {
                    absent("gradient of query", target);
                    absent("gradient of key", source);
                    absent("gradient of modulation", modulation);
                }
            }
            perHead("gradient of bias", bias, heads, of.edges.edges());
            NodeRows.check("gradient of value", value, heads, sources, of.value.width());
        }

        private static void absent(String name, Rows view) {
            if (view != null) {
                throw new IllegalArgumentException(name + " was asked for, but this score has none");
            }
        }
    }

    /** Whether the largest score is subtracted before the exponential. */
    boolean shifts() {
        return limit == Float.POSITIVE_INFINITY;
    }

    private void checkEdgeScores(String name, Rows edgeScores) {
        if (edgeScores == null) {
            return;
        }
        if (!(score instanceof EdgeScore.DotProduct dot && dot.modulation() != null)) {
            throw new IllegalArgumentException(name + " need a dot product with a modulation");
        }
        NodeRows.check(name, edgeScores, value.heads(), edges.edges(), dot.query().width());
    }

    private void checkStatistics(MemorySegment statistics) {
        if (statistics != null) {
            long want = statisticsLength(edges.rows, value.heads());
            if (statistics.byteSize() / Float.BYTES < want) {
                throw new IllegalArgumentException("statistics hold " + statistics.byteSize() / Float.BYTES
                        + " floats, must be at least " + want);
            }
        }
    }

    private static void perHead(String name, Rows view, int heads, int rows) {
        if (view == null) {
            return;
        }
        Arguments.shape(name, view, 1, heads, rows, 1);
        if (heads > 1) {
            Arguments.equal(name + " head stride", view.headStride(), 1);
        }
    }
}
