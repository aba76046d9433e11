/**
 * Pointer networks (Vinyals, Fortunato, Jaitly, NeurIPS 2015, arXiv 1506.03134): the answer is a list of positions of
 * the input, so that one network serves inputs of any size.
 *
 * <pre>
 *   e_1..e_n  LSTM encoder over the points, from learned (h_0, c_0);  e_0 = h_0 is the end symbol's slot
 *   d_i       LSTM decoder from the encoder's last state; inputs: a learned start symbol, then the points chosen so far
 *   u_ij      = v . tanh(e_j W1 + d_i W2)         p(C_i = j | C_1..C_i-1, P) = softmax_j u_ij, no context fed back
 * </pre>
 * Positions count from 1; 0 ends. The tasks, with exact answers: convex hull (counter-clockwise from the lowest index,
 * closed), Delaunay triangulation (increasing triples by the incentres' coordinates), and the planar travelling
 * salesman (from city 1, second index below the last, closed). Cost O(n) a step.
 */
package io.heed.sequence.pointer;
