/**
 * Mixture-of-Head attention (Jin et al., "MoH: Multi-Head Attention as Mixture-of-Head Attention", ICML 2025, arXiv
 * 2410.11842): multi-head attention is a sum over heads, and every token weighs its terms. The first h_s heads are
 * always on, of the others each token takes k.
 *
 * <pre>
 *   y_i = sum_h g_ih H_ih W_o^h + b        H_h = softmax(q_h k_h^T / sqrt(d)) v_h
 *   routed   p = softmax(W_g x),   r = k p mask / max(sum p mask, eps)      mask: the k largest p
 *   shared   s = h_s softmax(W_g1 x)                                        1 where h_s = 1
 *   g        = [a_0 s, a_1 r],   a = 2 softmax(W_g0 x)                      r alone where h_s = 0, s alone where k = 0
 *   loss     0.01 (h - h_s) sum_i mean(p_i) mean(mask_i)                    mean over layers
 * </pre>
 *
 * <p>The factors k, h_s and 2 are the official code's; {@link io.heed.sequence.moh.HeadRouter.Gates#PAPER} is the
 * paper's form. A trained model goes on with the router without parameters: the 2-norm of a head's query before its
 * rotation, over the deviation across the routed heads, softmax, the k largest, gates of 0 and 1, with a
 * straight-through gradient in training.
 *
 * <p>Efficient form: each routed head attends with the queries of those tokens only that chose it
 * ({@link io.heed.kernels.Mask.Placed}), so time falls with the heads that are off; a decoding step reads the caches of
 * the chosen heads only.
 */
package io.heed.sequence.moh;
