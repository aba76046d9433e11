package io.heed.nn;

import org.bytedeco.pytorch.Tensor;

/**
 * What a neighborhood attention gives.
 *
 * @param out (B, H, N, e)
 * @param lse (B, H, N), ln of the sum of exp over the window's logits
 */
public record NeighborhoodResult(Tensor out, Tensor lse) { }
