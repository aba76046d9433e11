/**
 * ACT, attention calibration ("Unveiling and Harnessing Hidden Attention Sinks", Yu et al., ICML 2024, arXiv
 * 2406.15765): better answers of a frozen model by damping attention sinks in chosen heads while it runs.
 *
 * <p>For a head's causal map A (N, N), rows being queries:
 * <pre>
 *   a[k]    = 1 / (N - k) * sum_{i >= k} A[i, k]                           score of a token, k from 0
 *   S       = {k : a[k] > tau} without the kept sink                       tau fixed, or alpha / N
 *   A'[i,s] = beta A[i,s]                                                  s in S
 *   A'[i,j] = A[i,j] + (1 - beta) sum_S A[i,s] * A[i,j] / sum_notS A[i,m]  j not in S
 * </pre>
 * Rows still sum to 1. The kept sink is token 0, or, as the official code has it, the first token found.
 *
 * <p>{@link io.heed.inference.act.SinkMap} is this on maps. {@link io.heed.inference.act.CalibratedAttention} computes
 * it without a map: with m_i = sum_S A[i,s],
 * <pre>
 *   out_i = beta sum_S A[i,s] v_s + (1 + (1 - beta) m_i / (1 - m_i)) sum_notS A[i,j] v_j
 * </pre>
 * from the fused kernel's output and its log-sum-exp. While decoding, column sums grow by each new row: at step t,
 * a[k] = c[k] / (t + 1 - k), and only the new row is calibrated. Which heads to calibrate is found on a calibration
 * set, {@link io.heed.inference.act.HeadSearch}.
 */
package io.heed.inference.act;
