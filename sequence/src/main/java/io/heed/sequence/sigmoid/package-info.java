/**
 * Sigmoid attention: Theory, Analysis, and Best Practices for Sigmoid Self-Attention. Ramapuram, Danieli, Dhekane,
 * Weers, Busbridge, Ablin, Likhomanenko et al., ICLR 2025, arXiv 2409.04431.
 *
 * <p>Each key is weighed on its own, by a logistic function, so that rows need not sum to one and no maximum or sum
 * over a row is needed (section 2):
 *
 * <pre>
 *   q, k, v = heads of x Wqkv^T,  q, k normalised per head, then turned (RoPE)
 *   s_ij = q_i . k_j / sqrt(d)  (+ m_h (j - i), ALiBi)
 *   P_ij = sigmoid(s_ij exp(temp) + b),  0 where j is masked
 *   y_i  = Wo concat_h sum_j P_ij v_j
 * </pre>
 *
 * <p>With b = 0 and n keys an output is a sum of about n/2 values when training starts; b = -ln n brings it back to
 * softmax's scale, since sigmoid(-ln n) = 1 / (n + 1) (section 3.1). LayerScale or a norm on the branch's output
 * ({@link io.heed.sequence.sigmoid.SigmoidBlock}) tames what is left.
 *
 * <p>Gradients need no statistics of a row: with g = dO V^T, dS = g P (1 - P), dV = P^T dO, dQ = dS K / sqrt(d),
 * dK = dS^T Q / sqrt(d).
 */
package io.heed.sequence.sigmoid;
