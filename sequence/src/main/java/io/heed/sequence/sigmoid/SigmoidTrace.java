package io.heed.sequence.sigmoid;

import org.bytedeco.pytorch.Tensor;

/**
 * What happens inside one attention, by the composed form.
 *
 * @param matrix      P, (B, H, Nq, Nk)
 * @param timesValues P v with heads merged, (B, Nq, D)
 * @param projected   y, (B, Nq, D)
 */
public record SigmoidTrace(Tensor matrix, Tensor timesValues, Tensor projected) { }
