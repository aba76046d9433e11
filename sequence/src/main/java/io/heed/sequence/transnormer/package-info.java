/**
 * TransNormerLLM: A Faster and Better Large Language Model with Improved TransNormer. Qin et al., 2023, arXiv
 * 2307.14995.
 *
 * <p>A language model with gated linear attention in every layer. The token mixer, on x (N, D) in H heads of d:
 *
 * <pre>
 *   [q k v u] = x W_qkvu,   q, k = silu(q), silu(k)
 *   LRPE:  q_t -> [q_t cos(theta t), q_t sin(theta t)], k alike, so that  q_t . k_j = sum_c q_tc k_jc cos(theta_c (t -
 *   j))
 *   o_t = sum_{j<=t} exp(-s_h (t-j)) (q_t . k_j) v_j                      padded tokens have v = 0
 *   y   = (u * SRMSNorm(o)) W_o,   SRMSNorm(x) = x / sqrt(mean(x^2) + 1e-6)  over all D channels
 *   s_h = slope_h (1 - l / (L-1) + 1e-5) in layer l of L
 * </pre>
 *
 * <p>The channel mixer, SGLU: y = ((x W_1) * (x W_2)) W_3, without an activation. A block is x + mixer(SRMSNorm(x)),
 * then x + sglu(SRMSNorm(x)).
 *
 * <p>Decoding keeps one matrix a head, already decayed ("robust inference", section 3.4), so that nothing grows like
 * exp(s t):
 *
 * <pre>
 *   KV_t = exp(-s) KV_{t-1} + k_t v_t^T,   o_t = q_t KV_t
 * </pre>
 */
package io.heed.sequence.transnormer;
