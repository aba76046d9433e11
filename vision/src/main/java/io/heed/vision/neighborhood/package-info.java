/**
 * Neighborhood attention: every token of a 1-D, 2-D or 3-D grid attends to exactly its window of nearest tokens
 * (Hassani et al., NAT, arXiv 2204.07143, and DiNAT, arXiv 2209.15001; fused: Hassani, Hwu and Shi, NeurIPS 2024, arXiv
 * 2403.04690).
 *
 * <pre>
 *   an axis of L positions has D dilation groups, p mod D; position x = p div D of a group of n attends to [start,
 *   start + K):
 *     start = clamp(l - K div 2, 0, n - K),   l = min((x div s) s + s div 2, n - 1)          window pushed inward at
 *     the borders causal: [start, x],  start = max(l - K + 1, 0),   l = min((x div s) s + s - 1, n - 1)
 *   N(p) = the product of the axes' windows
 *   q, k, v = W_qkv x + b_qkv
 *   o_p  = sum_{j in N(p)} softmax_j(q_p . k_j / sqrt(d) + rpb[j - p]) v_j,    y = W_o o + b_o
 * </pre>
 * x and y are (B, S..., C), heads (B, H, N, d) with N the product of the sizes S. K = L is full attention, s = K
 * blocked attention, D = L / K strided global attention. Time O(N K^r d) for r axes; memory O(N) fused.
 *
 * <p>NAT and DiNAT are pyramids of such layers with K = 7 and heads of 32; DiNAT alternates D = 1 and the largest D
 * that fits.
 */
package io.heed.vision.neighborhood;
