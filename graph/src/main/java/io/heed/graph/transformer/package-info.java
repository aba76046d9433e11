/**
 * Graph Transformer: "A Generalization of Transformer Networks to Graphs", Dwivedi and Bresson, DLG-AAAI 2021, arXiv
 * 2012.09699.
 *
 * <p>N nodes, E directed edges, D width, H heads of d = D / H. For an edge (s, t) and head h, section 3.1:
 * <pre>
 * score = clamp(&lt;K_s, Q_t&gt; / sqrt(d), -5, 5)       w = exp(score)
 * a_t   = sum over edges into t of w V_s / sum of w
 * x     = Norm(h + O(concat over heads of a))          out = Norm(x + W2 relu(W1 x))
 * </pre>
 * With an edge stream, section 3.2, P = proj_e(e) modulates the score element by element, and the product before the
 * sum goes on as the edge's new vector:
 * <pre>
 * w_hat = (K_s * Q_t) / sqrt(d) * P                    w = exp(clamp(sum of w_hat, -5, 5))
 * a_t   = sum w V_s / (sum w + 1e-6)                   edge stream: O_e, norm, feed-forward on w_hat
 * </pre>
 * A node attends to the sources of its incoming edges only: not to itself, unless the graph has that edge. A node
 * without incoming edges receives 0 (the official code gives NaN there). Norm is BatchNorm over all nodes, and over all
 * edges, of the batch. Positions are the eigenvectors of the normalised Laplacian
 * ({@link io.heed.graph.LaplacianEncoding}), their signs flipped at random once a training batch.
 */
package io.heed.graph.transformer;
