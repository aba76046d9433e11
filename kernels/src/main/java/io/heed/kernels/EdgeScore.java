package io.heed.kernels;

/** What an edge from source s to target t scores, per head, before the edge's bias and the activation. */
public sealed interface EdgeScore {
    /**
     * {@code scale <query_t, key_s>}, or with a modulation {@code scale sum_c query_tc key_sc modulation_ec}, where the
     * vector under the sum is the edge's <i>vector score</i> (Dwivedi and Bresson, "A generalization of transformer
     * networks to graphs", section 3.2).
     *
     * @param query      (1, H, targets, d)
     * @param key        (1, H, sources, d)
     * @param modulation (1, H, E, d), by edge number; null for none
     * @param scale      factor of the sum, usually 1 / sqrt(d)
     */
    record DotProduct(Rows query, Rows key, Rows modulation, float scale) implements EdgeScore { }

    /**
     * {@code target_t + source_s}: the additive score of graph attention networks, with a_dst . h_t and a_src . h_s
     * worked out a node (Velickovic et al., "Graph attention networks", equation 3).
     *
     * @param target (1, H, targets, 1)
     * @param source (1, H, sources, 1)
     */
    record Additive(Rows target, Rows source) implements EdgeScore { }

    /** Nothing: the edge's bias alone is the score. */
    record BiasOnly() implements EdgeScore { }
}
