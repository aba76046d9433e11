package io.heed.inference.model;

/**
 * The weights of one layer. What an architecture has not is null.
 *
 * @param inputNorm     norm before attention
 * @param query         (H d, D)
 * @param key           (G d, D)
 * @param value         (G d, D)
 * @param queryNorm     (d), of every query head
 * @param keyNorm       (d), of every key head
 * @param output        (D, H d)
 * @param attentionNorm norm before the MLP
 * @param gate          (F, D); null where the MLP has no gate
 * @param up            (F, D)
 * @param down          (D, F)
 */
record LayerWeights(NormWeights inputNorm, Linear query, Linear key, Linear value, float[] queryNorm, float[] keyNorm,
        Linear output, NormWeights attentionNorm, Linear gate, Linear up, Linear down) { }
