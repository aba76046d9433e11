/**
 * What Can a Single Attention Layer Learn? A Study Through the Random Features Lens. Fu, Guo, Bai, Mei, NeurIPS 2023,
 * arXiv 2307.11353.
 *
 * <p>A layer whose queries and keys are random and frozen; values alone are learned, so that fitting is ridge
 * regression. Input: a query token x_0 and key tokens x_1..x_N in R^d, each with a coordinate 1 appended: x~ = [x; 1].
 * M heads:
 *
 * <pre>
 *   f(x)     = sum_m (1/N) sum_i relu(x~_0^T W_m x~_i) (v_m . x~_i) = V . phi(x)
 *   phi_m(x) = (1/N) sum_i relu(x~_0^T W_m x~_i) x~_i
 *   RFA:    entries of W_m are N(0, 1/4), so that tokens of norm 1 have scores of variance 1
 *   biased: W_m = diag(I_d, 0) + the same: the mean score is x_0 . x_i
 *   fit:    min_V (1/n) sum_j (f(x_j) - y_j)^2 + lambda |V|^2
 * </pre>
 *
 * <p>The theory (section 3): for a target (1/N) sum_i F(x_0, x_i) with F a polynomial of coefficients f_rs, the excess
 * risk is about sqrt(B / n) + sqrt(B / M), B = sum_k C_k sum_{max(r,s)=k} |f_rs|^2, whatever N; a random-feature
 * network pays powers of N d, since it does not know that keys have no order.
 *
 * <p>The features of n samples cost n M (d+1)^2 for x~_0^T W, which dominates: the scores are no larger than the
 * features themselves, so there is no fused form. {@code RandomFeatureMixer} is the layer with frozen queries and keys
 * of low rank, for every position of a sequence.
 */
package io.heed.sequence.randomfeature;
