/**
 * Core context aware attention: Core Context Aware Transformers for Long Context Language Modeling. Chen, You, Zhang,
 * Li, Li, Wang, Tan, ICML 2025, arXiv 2412.12465.
 *
 * <p>Groups of g distant tokens are merged into core tokens, near tokens stay exact, and one softmax sees both. With
 * queries, keys and values after rotary positions, the tokens of group p, and N tokens in all:
 *
 * <pre>
 *   a_pj = softmax_j( q_last(p) . k_pj / sqrt(d) ),   K_p = sum_j a_pj k_pj,   V_p = sum_j a_pj v_pj      p = 1 ..
 *   floor((N - w) / g)
 *   y_i  = attention of q_i to the cores p <= floor((i - w) / g) and the tokens j <= i of later groups
 * </pre>
 *
 * <p>q_last(p) is the query of the group's last token. The exact window of token i has w + ((i - w) mod g) tokens: it
 * stretches over those whose group is not wholly older than w, so that every past token is seen exactly once. There
 * are no new parameters.
 *
 * <p>Time N (w + g + N / g) d a head; the state is a core for every g tokens and at most w + g tokens.
 */
package io.heed.sequence.cca;
