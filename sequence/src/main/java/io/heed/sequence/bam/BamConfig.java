package io.heed.sequence.bam;

/**
 * What a {@link BamBlock} is built from.
 *
 * @param attention   the attention experts
 * @param experts     MLP experts
 * @param hidden      M, hidden width of each
 * @param topK        k, MLP experts a token
 * @param renormalize whether a token's gates sum to 1; with k = 1 the router would get no gradient
 * @param epsilon     of the norm
 */
public record BamConfig(SoftMixtureConfig attention, int experts, long hidden, int topK, boolean renormalize,
                        double epsilon) { }
