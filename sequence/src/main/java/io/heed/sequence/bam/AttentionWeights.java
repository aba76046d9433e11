package io.heed.sequence.bam;

import java.util.List;

import org.bytedeco.pytorch.Tensor;

/**
 * The weights of a mixture of attention experts.
 *
 * @param q      (H d, D), one an expert
 * @param k      (G d, D), one an expert, or one for all
 * @param v      likewise
 * @param o      (D, H d), one an expert
 * @param router (E, D)
 */
record AttentionWeights(List<Tensor> q, List<Tensor> k, List<Tensor> v, List<Tensor> o, Tensor router) { }
