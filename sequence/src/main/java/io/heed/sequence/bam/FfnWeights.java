package io.heed.sequence.bam;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A SwiGLU MLP: (silu(h gate^T) * (h up^T)) down^T.
 *
 * @param gate (M, D)
 * @param up   (M, D)
 * @param down (D, M)
 */
record FfnWeights(Tensor gate, Tensor up, Tensor down) {
    Tensor apply(Tensor h) {
        return torch.linear(torch.silu(torch.linear(h, gate)).mul(torch.linear(h, up)), down);
    }
}
