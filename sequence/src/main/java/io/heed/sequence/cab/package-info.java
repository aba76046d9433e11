/**
 * CAB, the comprehensive attention benchmark (Zhang et al., ICML 2023, arXiv 2210.07661): four patterns of attention as
 * tasks over every mixer, one index over their metrics, and the length at which an efficient attention overtakes the
 * ordinary one; with the attentions of its library.
 *
 * <pre>
 *   non-causal self   y_i depends on all of Y          causal self    y_i depends on Y up to i
 *   non-causal cross  y_i depends on all of X and Y    causal cross   y_i depends on all of X, and on Y up to i
 *
 *   score of a metric = s (x - mu) / sigma,   of a task: the mean over its metrics,   index: the mean over tasks
 *   efficiency length = the larger root of a n^2 + b n + c = d n + e, fitted costs of vanilla and of the other
 *
 *   local      softmax over keys i - w to i + w, or i - w + 1 to i
 *   ABC        y = softmax(q K~^T / sqrt(d)) V~,   K~, V~ = C softmax averages of the tokens
 *   Performer  y = phi(q) (sum phi(k) v^T) / phi(q) . sum phi(k),   phi positive random features
 *   cosFormer  the same with phi(x) = relu(x) [sin(pi t / 2m), cos(pi t / 2m)]
 *   Nystrom    y = softmax(q Lk^T) pinv(softmax(Lq Lk^T)) softmax(Lq k^T) v,   Lq, Lk segment means
 *   LARA       y = sum_c r_c(q) softmax_tokens(log f(k, w_c)) v,   w_c about the sum of a segment's mean q and k
 *   ProbSparse y_i = softmax(q_i K^T / sqrt(d)) V for the f ln N queries furthest from even,   mean(V) elsewhere
 *   LongShort  y = softmax([q K~^T, q K_near^T] / sqrt(d)) [V~; V_near],   K~, V~ = LN(softmax(W_p x)^T [K, V])
 *   S4D        s_t = exp(dt A) s_(t-1) + u_t,   y_t = 2 Re C (exp(dt A) - 1) / A s_t + D u_t
 * </pre>
 */
package io.heed.sequence.cab;
