/**
 * Graph-aware isomorphic attention (Buehler, "Graph-Aware Isomorphic Attention for Adaptive Dynamics in Transformers",
 * arXiv 2501.02393): attention as message passing on the graph that the attention map is.
 *
 * <p>GIN attention: per head h, X_h the head's slice of the input itself (there is no value projection),
 *
 * <pre>
 *   A_h = t(softmax(alpha q_h k_h^T / (T sqrt(d))))      t a {@link io.heed.sequence.graphaware.ThresholdMode}, then
 *   causal
 *   g   = eps_h X_h + A_h X_h                            (eps, not 1 + eps)
 *   y_h = W2 silu(rms(dropout(W1 g + b1))) + b2          concatenated, perhaps projected
 * </pre>
 *
 * <p>PNA attention: with values V_h, deg_i = sum_j A_ij (1 where 0),
 *
 * <pre>
 *   sum = A V,  mean = sum / deg,  var = max(0, A V^2 / deg - mean^2),  max
 *   y_h = W2 silu(W1 [sum, mean, max, var])
 * </pre>
 * where {@link io.heed.sequence.graphaware.Maximum} says which maximum: the official code's, which is a query's own
 * value row; the text's, over neighbours; or the language-model variant's, which takes whole rows by their norm and
 * puts the smallest row in place of the sum.
 *
 * <p>Sparse-GIN fine-tuning: a trained decoder keeps its attention; the maps become a sparse graph on which a small GIN
 * ({@link io.heed.sequence.graphaware.SparseGin}) is trained between attention and MLP, everything else frozen. In the
 * official code only self edges survive, so it mixes no tokens;
 * {@link io.heed.sequence.graphaware.SparseGinConfig.EdgeDirection} also offers what the text means. A causal softmax
 * over H heads has at most H / c entries a row above c, so from 256 positions on the graph is kept as a list of edges,
 * and messages cost O(edges) rather than O(N^2).
 */
package io.heed.sequence.graphaware;
