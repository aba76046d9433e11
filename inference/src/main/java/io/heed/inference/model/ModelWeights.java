package io.heed.inference.model;

import java.util.List;

import io.heed.kernels.WeightMatrix;

/**
 * All weights of a model.
 *
 * @param embedding (V, D)
 * @param positions learned positions (P, D); null where positions are rotary
 * @param layers    first to last
 * @param norm      before the head
 * @param head      (V, D); the embedding's own where the two are tied
 * @param bytes     of all matrices that a token is multiplied by
 */
record ModelWeights(WeightMatrix embedding, WeightMatrix positions, List<LayerWeights> layers, NormWeights norm,
        Linear head,
        long bytes) { }
