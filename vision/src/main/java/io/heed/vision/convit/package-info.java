/**
 * ConViT: a vision transformer whose first layers start as convolutions and may learn to look further (d'Ascoli et al.,
 * ICML 2021, arXiv 2103.10697).
 *
 * <pre>
 *   C_h = softmax_m(q_n . k_m / sqrt(d))                              content
 *   P_h = softmax_m(w_h . [dx, dy, dx^2 + dy^2] + b_h)                position, (dx, dy) = m - n, no scale
 *   s_h = sigmoid(lambda_h),  A_h = (1 - s_h) C_h + s_h P_h,  each row divided by its sum
 *   y   = W_o concat_h A_h v_h
 * </pre>
 * At the start the H heads look at the offsets of a floor(sqrt H) square kernel: w_h = a [2 ox, 2 oy, -1], so that P_h
 * is a Gaussian around the offset (ox, oy), W_v = 1 and lambda = 1. x and y are (B, N, D).
 *
 * <p>P_h factorises, P = Py (x) Px with two softmaxes over rows and columns, so P v is two products with S x S
 * matrices, O(N S d) instead of O(N^2 d); since rows of C and P sum to 1, outputs are blended rather than maps.
 *
 * <p>The model: patches and learned positions, blocks of gated positional self-attention (GPSA), then the class token
 * joins and plain self-attention follows.
 */
package io.heed.vision.convit;
