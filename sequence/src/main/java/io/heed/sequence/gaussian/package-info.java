/**
 * Gaussian Adaptive Attention is All You Need. Ioannides, Chadha, Elkins, 2024, arXiv 2401.11143 (later called density
 * adaptive attention).
 *
 * <p>A gate without queries, keys or products of tokens: every element is scaled by how far it lies from the mean along
 * one axis, with a learned shift of the mean and a learned width. Heads take consecutive slices of the axis. The
 * published library and the experiments' scripts have different formulas; both are here.
 *
 * <p>The library ({@code GaussianHead}, {@code GaussianHeads}, {@code GaussianBlock}), along an axis of n, G Gaussians:
 *
 * <pre>
 *   y_g = (x - (mu + o_g)) / sqrt(var + eps),   var = sum (x - mu)^2 / (n - 1)
 *   p   = prod_g exp(-y_g^2 / (2 c_g^2)) / sqrt(2 pi c_g^2)
 *   out = x w,   w = p / max(sum p, eps)
 * </pre>
 *
 * <p>A product of Gaussians, so itself a Gaussian in x, not a mixture. Padded entries count as 0 in mu and var, pass
 * through unchanged, and keep their place in the sum of p.
 *
 * <p>The experiments ({@code LayerGate}, {@code LayerGates}, {@code GaussianClassifier}), over the layers of a frozen
 * encoder, for each of its F features:
 *
 * <pre>
 *   var = | mean(x^2) - mu^2 | + 1e-8,   z = (x - mu - o) / sqrt(var + 1e-5)
 *   out = x exp(-z^2 / (2 c))
 * </pre>
 *
 * <p>{@code GaussianMixer} puts either formula along the sequence, between two linear maps: statistics over all tokens,
 * or, causal, over the tokens so far. Importance Factor: gates averaged over a data set, brought to [0, 1].
 */
package io.heed.sequence.gaussian;
