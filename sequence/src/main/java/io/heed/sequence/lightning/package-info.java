/**
 * Lightning attention and TransNormerLLM's attention layer: Various Lengths, Constant Speed: Efficient Language
 * Modeling with Lightning Attention. Qin, Sun, Li, Shen, Sun, Zhong, ICML 2024, arXiv 2405.17381.
 *
 * <p>Causal linear attention with a decay rate s a head, lambda = exp(-s); no softmax, no scale, no denominator:
 *
 * <pre>
 *   o_t = sum_{j<=t} lambda^(t-j) (q_t . k_j) v_j
 *       = q_t^T KV_t,   KV_t = lambda KV_{t-1} + k_t v_t^T
 * </pre>
 *
 * <p>Computed in blocks of rows r, c = 0..m-1, so that every operation is a dense product (section 3.2):
 *
 * <pre>
 *   D_rc    = exp(-s (r-c)) for r >= c, else 0
 *   O_intra = ((Q K^T) * D) V
 *   O_inter = (exp(-s (r+1)) Q) KV
 *   KV     := exp(-s m) KV + sum_c exp(-s (m-1-c)) k_c v_c^T
 * </pre>
 *
 * <p>TNL's layer: q, k, v = silu(x W), y = (LayerNorm(o) * sigmoid((x Wg1) Wg2)) Wo, with rates
 * s_h(l) = s_h (1 - l / (L-1) + 1e-5): ALiBi's slopes in the first layer, almost no decay in the last.
 */
package io.heed.sequence.lightning;
