/**
 * Efficient Content-Based Sparse Attention with Routing Transformers. Roy, Saffar, Vaswani, Grangier, TACL 2021, arXiv
 * 2003.05997.
 *
 * <p>Some heads route: each has C centroids, each centroid picks the w items nearest to it, and attention stays within
 * these groups.
 * With C about sqrt(N) and w = N / C a head costs O(N^1.5 d). The other heads attend locally.
 *
 * <pre>
 *   q, k, v = x W,  q = q / sqrt(d);   routed heads: q, k = LN(q), LN(k)  (|q|^2 = d; causal: k = q), logits q . k
 *   group c = the w items of largest q . mu_c, in the order of their positions, likewise for keys
 *   out_t   = sum over the groups that chose t of softmax(Q K^T + rank mask) V, divided by (their number + 0.01)
 *   local:    blocks of b queries, keys of the block and of the flange before it (and after it, not causal)
 *   y       = heads M W_o, M (d, d) shared by all heads
 *   loss    = beta sum over q, k of mean (LN(x) - mu_nearest)^2
 *   mu:       moving averages of the items assigned, in training only
 * </pre>
 *
 * <p>As published, which tokens a group holds depends on the whole sequence, future included, though no weight does.
 * The mixer's default is strict: token t joins a group when it is among the w nearest of the tokens up to t, and
 * attends to those w, which is what decoding computes. {@code membership=sequence} is the published rule.
 */
package io.heed.sequence.routing;
