/**
 * LAMA, low-rank factorised multi-head attention over the states of a GRU (Mehta, Rangwala, Ramakrishnan, "Low Rank
 * Factorization for Compact Multi-Head Self-Attention", arXiv 1912.00835): one vector for a document.
 *
 * <pre>
 *   h_t = [forward GRU ; backward GRU]                     D = 2 g; padding frozen, its outputs 0
 *   c   = mean of the real h_t ("LAMA+ctx"), or learned and the same for all documents ("LAMA")
 *   f_t = tanh( sum_r (P^T c) * (Q^T h_t) ) in R^m         P, Q (D, m r): head i is the bilinear form c^T W_i h_t of
 *   rank r
 *   f_t = f_t / |f_t|_2                                    over the m heads of one word
 *   A   = softmax over t of f, padded words hidden         (m, T)
 *   M   = A H, flattened (m D), then linear to the classes
 * </pre>
 * Attention parameters 2 D m r, cost O(T D m): no word-word scores.
 *
 * <p>The scores of all words are one thin product Q^T H, a T x m matrix, so the composed form already reads H only
 * twice and there is no fused form. The GRU runs packed: input products in one matrix product, the batch shrinking as
 * documents end.
 */
package io.heed.sequence.lama;
