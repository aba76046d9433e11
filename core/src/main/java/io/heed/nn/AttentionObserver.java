package io.heed.nn;

import org.bytedeco.pytorch.Tensor;

/**
 * Looks on while a model computes, and may change what it goes on with. Models call it only when they are given one, so
 * that a model which nobody watches pays nothing; an observer that returns what it was given changes no bit of the
 * result.
 *
 * <p>Tensors are the model's own: valid during the call, and not to be written into.
 */
public interface AttentionObserver {
    /**
     * The residual stream.
     *
     * @param layer  the layer that it enters, from 0; the number of layers for what leaves the last, before the final
     *               norm
     * @param hidden (B, N, D)
     * @return what the model goes on with
     */
    default Tensor hidden(int layer, Tensor hidden) {
        return hidden;
    }

    /**
     * The heads' outputs, before they are projected and added to the residual stream.
     *
     * @param layer   the layer, from 0
     * @param call    what the attention computed them from
     * @param outputs (B, H, N, e)
     * @return what the model goes on with
     */
    default Tensor heads(int layer, AttentionCall call, Tensor outputs) {
        return outputs;
    }
}
