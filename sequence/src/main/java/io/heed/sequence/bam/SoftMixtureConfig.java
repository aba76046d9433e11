package io.heed.sequence.bam;

/**
 * What a {@link SoftMixture} of attention experts is built from.
 *
 * @param width         D
 * @param heads         H, of each expert
 * @param keyValueHeads G, of each expert; H a multiple of it
 * @param headWidth     d
 * @param experts       E
 * @param sharing       whether all experts share keys and values
 * @param routed        experts whose output a token takes, by router probability; 0 for all of them (soft)
 * @param causal        whether a query sees no later key
 * @param rotary        whether queries and keys are turned by their positions
 */
public record SoftMixtureConfig(long width, int heads, int keyValueHeads, long headWidth, int experts, boolean sharing,
                                int routed, boolean causal, boolean rotary) {
    /** @throws IllegalArgumentException for sizes that do not fit each other */
    public SoftMixtureConfig {
        if (experts < 1 || heads < 1 || keyValueHeads < 1 || heads % keyValueHeads != 0) {
            throw new IllegalArgumentException(
                    "experts, heads and key/value heads must be at least 1 and heads a multiple"
                    + " of key/value heads, got " + experts + ", " + heads + " and " + keyValueHeads);
        }
        if (routed < 0 || routed > experts) {
            throw new IllegalArgumentException(routed + " routed attention experts: must be from 0 (all) to "
                    + experts);
        }
    }

    /** Key and value heads of all experts together. */
    int allKeyValueHeads() {
        return sharing ? keyValueHeads : experts * keyValueHeads;
    }
}
