/**
 * BASED: Simple Linear Attention Language Models Balance the Recall-Throughput Tradeoff. Arora, Eyuboglu, Zhang,
 * Timalsina, Alberti, Zinsley, Zou, Rudra, Ré, ICML 2024, arXiv 2402.18668.
 *
 * <p>Three layers whose states do not grow: exact token shifts, exact comparisons nearby, approximate look-up far away.
 *
 * <p>Taylor linear attention, q and k of f channels (section 4.1):
 *
 * <pre>
 *   phi(x) = [1, x / f^(1/4), vec(x x^T) / sqrt(2 f)],   phi(q) . phi(k) = 1 + u + u^2 / 2,   u = q . k / sqrt(f)
 *   y_t = sum_{j<=t} (phi(q_t) . phi(k_j)) v_j / ( sum_{j<=t} phi(q_t) . phi(k_j) + eps )
 *       = phi(q_t) S_t / ( phi(q_t) . z_t + eps ),   S_t = S_{t-1} + phi(k_t) v_t^T,   z_t = z_{t-1} + phi(k_t)
 * </pre>
 *
 * <p>Sliding-window attention (section 4.2): softmax over the keys t - w/2 to t for a window of w, with rotary
 * positions.
 *
 * <p>Gated convolution: [a, b] = x W + c, y = (silu(conv(a)) * b) W' + c', conv depthwise and causal over three tokens.
 *
 * <p>The stack takes them by layer: l mod 5 = 1 is linear attention, 2 the window, the rest convolutions; pre-norm
 * blocks with RMSNorm and SwiGLU. A linear layer's state is H P (d + 1) numbers, P = 1 + f + f (f + 1) / 2 where the
 * products x_a x_b and x_b x_a are kept once; a window's 2 (w/2) D, a convolution's 2 e D / 2.
 */
package io.heed.sequence.based;
