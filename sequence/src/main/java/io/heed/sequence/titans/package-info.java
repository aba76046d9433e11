/**
 * Titans (Behrouz, Zhong, Mirrokni, "Titans: Learning to Memorize at Test Time", arXiv 2501.00663): a memory whose
 * weights are the hidden state. Every token takes a gradient step on how badly the memory recalls it.
 *
 * <pre>
 *   k = l2(silu(conv(W_k x))), q likewise, v = silu(conv(W_v x))      l2(z) = z / sqrt(sum z^2 + 1e-6)
 *   alpha = sigmoid(w_a x + b_a), eta = sigmoid(w_e x + b_e), theta = theta_max sigmoid(w_t x + b_t)
 *   M(z) = .. silu(z W_0) W_1 ..                                      loss_t(M) = sum (M(k_t) - v_t)^2
 *   S_t = eta_t S_(t-1) - theta_t grad loss_t(M_anchor)               momentum: past surprise
 *   M_t = (1 - alpha_t) M_(t-1) + S_t,   y_t = M_t(q_t)               forgetting; read after write
 * </pre>
 * The anchor is the memory at the last multiple of b tokens; b = 1 is the exact recurrence. Between two anchors
 * everything is matrix products ({@link io.heed.sequence.titans.WholeChunks}): 4 b D^2 + 4 b^2 D operations a
 * chunk and no D x D state for a token. One token at a time the state is the memory, its momentum and the anchor: it
 * goes on learning while it decodes.
 *
 * <pre>
 *   layer  W_out (RMS(y) * norm * silu(W_gate x))
 *   MAC    h = M_(i-1)(q(segment)),  y = attention([P; h; segment]),  M_i learns y,  o = y (x) M_i(q(y))
 *   MAG    y = window attention([P; x]),  m = memory([P; x]),  o = y (x) m
 *   MAL    o = window attention(memory([P; x]))                       y (x) m = (RMS(y) g_y) sigmoid(RMS(m) g_m)
 * </pre>
 * P are learned tokens that every query sees; attention sees j where {@code j <= i and (i - j < w or j < P)}. MAC as
 * published looks ahead within a segment; {@code titans-mac} lets a token see the memory's answers to itself and
 * earlier tokens, and read the memory as it is after itself.
 */
package io.heed.sequence.titans;
