package io.heed.inference.attention;

/**
 * How attention reads a cache, for some heads of a layer. A policy computes {@code out = P v} for its heads however it
 * sees fit; the model does not know it. Policies are shared by all sequences and layers: what they must remember of a
 * sequence they keep with its {@link io.heed.inference.cache.SequenceCache#note notes}.
 *
 * <p>A sequence's result must not depend on which other sequences are in a call, nor on how a prompt is cut into
 * chunks.
 */
public interface AttentionPolicy {
    /** Attention of a prompt's next positions, whose keys and values are in the cache already. */
    void prefill(PromptAttention call, int[] heads);

    /** Attention of the newest position of several sequences, whose keys and values are in the cache already. */
    void decode(TokenAttention call, int[] heads);

    /** Whether a prompt must come in one chunk. */
    default boolean wantsWholePrompt() {
        return false;
    }

    /**
     * Whether a sequence may begin with pages that another one computed: false when the policy keeps notes of a prompt.
     */
    default boolean sharesPrefixes() {
        return true;
    }

    /** First positions that stay readable whatever {@link #horizon} says. */
    default int sinks() {
        return 0;
    }

    /** How many of the last positions will be read; {@link Integer#MAX_VALUE} for all. Older pages may be released. */
    default int horizon() {
        return Integer.MAX_VALUE;
    }

    /** The policy as users write it. */
    @Override
    String toString();
}
