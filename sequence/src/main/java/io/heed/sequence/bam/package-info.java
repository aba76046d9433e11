/**
 * BAM, Branch-Attend-Mix (Zhang et al., "BAM! Just Like That: Simple and Efficient Parameter Upcycling for Mixture of
 * Experts", NeurIPS 2024, arXiv 2408.08274): dense language models, branched from one seed and trained on, become one
 * mixture whose MLPs and attention are both made of experts.
 *
 * <pre>
 *   dense block   h = norm(x),   y = x + Attn(h) + FFN(h)                                    parallel
 *   BAM block     w = softmax(W_a h),   A = sum_e w_e Attn_e(h)                              every token uses every
 *   expert
 *                 p = softmax(W_f h),   F = sum over the k largest p_e of gate_e FFN_e(h)
 *                 y = x + A + F
 *   losses        0.01 E sum_e f_e P_e + 0.001 mean(logsumexp(W_f h)^2)
 *   upcycling     FFN_e, W_q, W_o (and W_k, W_v) from model e; norms, embeddings (and shared W_k, W_v) averaged;
 *                 routers drawn afresh
 * </pre>
 *
 * <p>The paper's baseline BTX has one attention, the average of the models'.
 *
 * <p>Efficient form: all experts' queries are one product, and with shared keys and values the experts are further
 * query heads of one grouped attention; the router's weight scales an expert's context before one product with all W_o,
 * side by side, which makes the mixture free. Tokens are gathered by MLP expert, so that each runs on its own tokens
 * only.
 */
package io.heed.sequence.bam;
