package io.heed.insight;

import java.util.Map;

import org.bytedeco.pytorch.Tensor;

/**
 * What a {@link Probe} wrote down of one pass, by layer, in the order of its {@link Selection}. The tensors are copies,
 * freed with the scope in which the capture was made.
 *
 * @param selection what was looked at, every list filled in
 * @param logits    (B, N, V), the same bits as without a probe
 * @param weights   attention by layer: (B, heads, positions, N); layers without an attention matrix are missing
 * @param outputs   the heads' outputs by layer, before their projection: (B, heads, positions, e)
 * @param hidden    the residual stream by layer, as it enters the layer: (B, positions, D); layer L is what leaves the
 *                  last
 */
public record Capture(Selection selection, Tensor logits, Map<Integer, Tensor> weights, Map<Integer, Tensor> outputs,
                      Map<Integer, Tensor> hidden) {
    public Capture {
        weights = Map.copyOf(weights);
        outputs = Map.copyOf(outputs);
        hidden = Map.copyOf(hidden);
    }
}
