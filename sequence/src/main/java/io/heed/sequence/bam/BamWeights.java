package io.heed.sequence.bam;

import java.util.List;

import org.bytedeco.pytorch.Tensor;

/**
 * All weights of a BAM block.
 *
 * @param norm      (D)
 * @param attention the attention experts and their router
 * @param ffn       the MLP experts
 * @param router    (E, D), of the MLPs
 */
record BamWeights(Tensor norm, AttentionWeights attention, List<FfnWeights> ffn, Tensor router) { }
