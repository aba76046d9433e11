/**
 * Zoology (Arora et al., "Zoology: Measuring and Improving Recall in Efficient Language Models", ICLR 2024, arXiv
 * 2312.04927): multi-query associative recall, and the mixers that it is measured on. The generator is
 * {@link io.heed.data.Mqar}, the task {@link io.heed.sequence.RecallTask}.
 *
 * <pre>
 * BaseConv   y = conv(x) * (W x + b) + x                              conv: K taps and a bias, or conv(x, k) + x with
 *                                                                     k_t = W2 relu(W1 z_t)
 *            z_t = [t / (L-1), cos(f w_t), -sin(f w_t)],  w_t = 2 pi t / L
 *
 * Hyena      [x1, x2, v] = shortconv(W_in x)                          h_t = (net(z_t)) exp(-t |delta_c|),  net with
 * sines
 *            y = W_out ((conv(v x1, h) + b v x1) * x2)
 *
 * H3         k' = conv(W_k x, ks) + D_k W_k x                         ks_l = sum_n B_n C_(n+l)
 *            s   = k' v^T per head of width p                         K_l = 2 Re sum_n c_n a_n^l
 *            y   = W_o (q (conv(s, K) + D s))
 *
 * RWKV-4     x'  = x m + x_(t-1) (1 - m)  for k, v and r              w = -exp(time_decay), u = time_first
 *            wkv_t = (sum_{j&lt;t} e^{w (t-1-j) + k_j} v_j + e^{u + k_t} v_t) / (the same with v = 1)
 *            y   = W_o (sigmoid(r) * wkv)
 *
 * Lookups    y_t = s_t attention(x)_t + x_t,  s_t = sigmoid(w . x_t)  evaluated at the n highest s_t only
 * Selective  the same with s = softmax(w . x + b) over the tokens up to t, or over the sequence
 * Oracle     the same with s_t = 1 where token t stands earlier in the sequence, else 0
 * </pre>
 * x (B, N, D) to y (B, N, D). The convolutions take O(N log N) by FFT ({@link io.heed.nn.LongConvolution}), wkv O(N) by
 * a scan ({@link io.heed.kernels.DecayedAverage}), lookups O(n N). To decode, a long convolution keeps its last L
 * inputs; a filter has as many taps as the training length and ends there.
 */
package io.heed.sequence.zoology;
