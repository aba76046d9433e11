/**
 * Halo attention: blocked local self-attention (Vaswani et al., CVPR 2021, arXiv 2103.12731), in the form of its public
 * reimplementation.
 *
 * <pre>
 *   q = W_q x,   [k_h, v_h] = W_kv x head by head                  1 x 1 convolutions
 *   blocks of b x b queries; window of a block = the block and h more pixels on each side, zeros outside, w = b + 2h
 *   query (i, j) of a block, key (u, v) of its window:
 *     P = q . (height_rel[u - i + w - 1] + width_rel[v - j + w - 1])
 *     logits = q . k / sqrt(d_k) + P        or (q . k + P) / sqrt(d_k) with scaled positions
 *   y = softmax over the w^2 keys, times v
 * </pre>
 * Keys outside of the image are zeros and not masked: they take weight by their position. With stride 2 the queries are
 * every second pixel of every second row (or, where asked for or b is odd, the outputs' means over 2 x 2 pixels). x is
 * (B, C, H, W), y (B, H_n d_v, H', W'). Time O(H W w^2 (d_k + d_v)).
 */
package io.heed.vision.halonet;
