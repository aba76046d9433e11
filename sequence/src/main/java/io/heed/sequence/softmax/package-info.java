/**
 * Softmax attention (Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2), the baseline of every
 * comparison, with rotary positions (Su et al., RoFormer, arXiv 2104.09864) and grouped heads (Ainslie et al., GQA,
 * arXiv 2305.13245).
 *
 * <pre>
 *   q_i = R_i W_q x_i,   k_j = R_j W_k x_j,   v_j = W_v x_j          R_p turns channel pairs by p * base^(-2i/d)
 *   P_ij = exp(q_i . k_j / sqrt(d)) / sum_j' exp(q_i . k_j' / sqrt(d))   over the keys that i sees
 *   y_i = W_o concat_h sum_j P_ij v_j
 * </pre>
 * Query head h uses key/value head h / (H / G). Time O(N^2 d), memory O(N d) fused; its state is a key/value cache of
 * 2 N G d numbers a layer.
 */
package io.heed.sequence.softmax;
