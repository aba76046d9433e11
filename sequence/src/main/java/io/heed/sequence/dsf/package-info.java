/**
 * The dynamical systems framework (Sieber et al., "Understanding the Differences in Foundation Models: Attention, State
 * Space Models, and Recurrent Neural Networks", NeurIPS 2024, arXiv 2405.15731): every causal mixer as one linear
 * time-varying system whose matrices depend on the input, and the paper's mixers.
 *
 * <pre>
 *   h_i = A_i h_{i-1} + B_i u_i,   y_i = C_i h_i + D_i u_i,   h_0 = 0          A_i diagonal, N states
 *   y_i = sum_{j<=i} C_i (prod_{k=j+1..i} A_k) B_j u_j + D_i u_i               the same without states
 *
 *   attention, zeta(q, k) = phi(q) . psi(k), normaliser eta, v = W_V u, state h[c n + s] for channel c and feature s:
 *     A_i = (eta_{i-1} / eta_i) I,   B_i = (1 / eta_i) (I (x) psi(k_i)) W_V,   C_i = I (x) phi(q_i)^T
 *       linear attention      phi = psi = elu + 1,               eta_i = phi(q_i) . sum_{j<=i} psi(k_j)
 *       softmax attention     phi = psi = all tensor powers,     eta_i likewise: n is infinite
 *       normalised attention  phi = psi = the identity,          eta_i = exp, softplus or sigmoid of w_n . u_i + b_n
 *   S6      Delta_i = softplus(W_dt W_x u_i + b_dt),
 *           A_i = exp(Delta_i (x) a),   B_i = blockdiag(Delta_i b_i),   C_i = I (x) c_i^T
 *   SSD     the same with one rate a for all channels and states, and one step size a token beside the biases
 *   qLSTM   A_i = diag(sigmoid(f_i)), or diag(sigmoid(-f_i)^alpha) reversed,
 *           B_i = diag(sigmoid(i_i)),   C_i = diag(sigmoid(o_i))
 *   RG-LRU  A_i = diag(exp(-8 softplus(Lambda) sigmoid(W_r u_i))),
 *           B_i = diag(sqrt(1 - A_i^2) sigmoid(W_b u_i)),   C_i = I
 * </pre>
 *
 * What differs is how large the state is, how many independent rates it forgets with (one for attention and SSD, n d
 * for S6, d for gated RNNs), and whether the normaliser sees the keys. {@link io.heed.sequence.dsf.Realisable#system}
 * computes the matrices of a mixer on an input; {@link io.heed.sequence.dsf.LinearSystem} runs them.
 */
package io.heed.sequence.dsf;
