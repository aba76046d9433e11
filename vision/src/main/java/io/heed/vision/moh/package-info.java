/**
 * Mixture-of-head attention on images (Jin et al., ICML 2025, arXiv 2410.11842). Routers and attention are those of
 * {@link io.heed.sequence.moh}; here are the places of a grid, the grid mixer, and the images of the study.
 *
 * <pre>
 *   logits = (q / |q| + e_h) * softplus(t_h) ln(H W) . k / |k| + MLP(c)      c = sign(r) log2(1 + |r|) / log2(8)
 *   r      = 8 (offset of the key's row, of its column) / (H - 1, W - 1)     log-spaced coordinates of a pair of cells
 * </pre>
 */
package io.heed.vision.moh;
