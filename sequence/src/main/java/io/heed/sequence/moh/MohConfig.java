package io.heed.sequence.moh;

/**
 * What mixture-of-head attention is built from.
 *
 * @param width         D
 * @param heads         H
 * @param keyValueHeads G, H a multiple of it
 * @param headWidth     d
 * @param shared        h_s, heads that are always on
 * @param chosen        k, routed heads that are on for a token
 * @param router        how heads are chosen
 * @param gates         how probabilities become gates
 * @param balance       weight of the load-balance loss, shared out over the layers
 * @param bias          whether the projections have biases
 * @param queryNorm     whether queries and keys are layer-normalised head by head
 * @param rotary        base of the rotary frequencies, or 0 for no positions
 * @param causal        whether a query sees no later key
 */
public record MohConfig(long width, int heads, int keyValueHeads, long headWidth, int shared, int chosen, Router router,
                        HeadRouter.Gates gates, double balance, boolean bias, boolean queryNorm, double rotary,
                        boolean causal) {
    /** How heads are chosen. */
    public enum Router {
        /** By trained routers, softly weighed. */
        LEARNED,
        /** By the norms of queries, on or off: for continuing a trained model. */
        QUERY_NORM,
        /** All heads, as in plain multi-head attention. */
        NONE
    }
}
