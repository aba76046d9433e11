/**
 * Aaren: Attention as a recurrent neural network. Feng, Tung, Hajimirsadeghi, Ahmed, Bengio, Mori, 2024, arXiv
 * 2405.13956.
 *
 * <p>The query is a learned token z of the layer, not one of the inputs, so that attention over a growing set of tokens
 * is a recurrent cell of constant size (section 3.1), and all prefixes together are a parallel scan (section 3.2). A
 * head:
 *
 * <pre>
 *   q = Wq z + bq,  k_t = Wk x_t + bk,  v_t = Wv x_t + bv,  s_t = q . k_t / sqrt(d)
 *   m_t = max(m_{t-1}, s_t)
 *   c_t = c_{t-1} exp(m_{t-1} - m_t) + exp(s_t - m_t)
 *   a_t = a_{t-1} exp(m_{t-1} - m_t) + v_t exp(s_t - m_t)
 *   o_t = a_t / c_t,  y_t = Wo concat_h(o_t) + bo
 *   (m, c, a) + (m', c', a') = (M, c e^{m-M} + c' e^{m'-M}, a e^{m-M} + a' e^{m'-M}),  M = max(m, m')
 * </pre>
 *
 * <p>Since q does not depend on the input, s_t = x_t . (Wk^T q) / sqrt(d) + const: keys need not be computed at all
 * ({@link io.heed.sequence.aaren.Aaren.Keys#FOLDED}).
 */
package io.heed.sequence.aaren;
