/**
 * When attention sinks emerge (Gu et al., "When Attention Sink Emerges in Language Models: An Empirical View", ICLR
 * 2025, arXiv 2410.10781): the metric, and a small language model whose attention can be swapped, for the experiments
 * in training.
 *
 * <pre>
 *   alpha_k = 1 / (T - k + 1) sum_{i=k..T} A_ik            mean weight on key k (from 1) of the queries that see it
 *   Sink_k  = mean over texts, layers, heads of 1(alpha_k &gt; eps)      eps = 0.3, T = 64; Sink_1 is the headline
 *
 *   z = q k^T / sqrt(d), M the causal mask, R the rotary turn
 *   softmax        A = softmax(z)
 *   similarity     A = sigmoid(z) M  or  (elu(z) + 1) M          normalised: A / (sum_row A + 1e-8)
 *   kernel         A = phi(R q) phi(R k)^T / sqrt(d) M           phi = elu + 1, identity, or W2 relu(W1 x);
 *                                                                normalised: elu by sum + 1e-8, the others by
 *                                                                max(|sum|, 1)
 *   key bias       one more key k* in front, unturned, with value v* or 0; row 0 of the map is a query of zeros
 *   value bias     out + v*
 *   off by one     a key bias with k* = 0 and v* = 0, so that the denominator grows by 1
 * </pre>
 * Of mechanisms that do not normalise, the map is shown with its rows divided by their sum (of absolute values for
 * kernels) plus 1e-8: the proxy. It can call a sink where hardly any weight is spent, so raw weights are reported
 * beside it.
 */
package io.heed.insight.sink;
