/**
 * Flow-Attention: Flowformer: Linearizing Transformers with Conservation Flows. Wu, Wu, Xu, Wang, Long, ICML 2022,
 * arXiv 2202.06258.
 *
 * <p>Values are sources, outputs are sinks, phi(q) . phi(k) is the capacity between them, phi = sigmoid. What flows in
 * and out is conserved: with every sink's incoming flow fixed to 1 sources compete, with every source's outgoing flow
 * fixed to 1 sinks are told how much to take (section 3.3). Below q, k mean phi(q), phi(k), and eps = 1e-6 is added to
 * every component of both factors of a flow:
 *
 * <pre>
 *   I_i    = q_i . sum_j k_j              O_j    = k_j . sum_i q_i             incoming, outgoing flow
 *   Ihat_i = q_i . sum_j k_j / O_j        Ohat_j = k_j . sum_i q_i / I_i       with the other side conserved; Ohat
 *   clamped
 *   alloc_i = sigmoid(Ihat_i L / S)       comp_j = softmax_j(Ohat_j) S
 *   y_i = alloc_i (q_i / I_i) . sum_j k_j (comp_j v_j)^T
 * </pre>
 *
 * <p>L sinks, S sources. The causal form takes every sum over the tokens so far and every flow as a mean over their
 * number t; a source's competition ends at its own time, so that what is past stays as it is:
 *
 * <pre>
 *   comp_t = exp(Ohat_t) / sum_{j<=t} exp(Ohat_j) t
 *   y_t    = alloc_t (q_t / (I_t t)) . sum_{j<=t} k_j (comp_j v_j)^T
 * </pre>
 *
 * <p>Time O((L + S) d^2) a head. The causal state is the sums of k, q, k/O, q/I, exp(Ohat) and k (comp v)^T. A padded
 * source takes part in no sum over sources, a padded sink in none over sinks, and neither counts in L, S and t.
 */
package io.heed.sequence.flowformer;
