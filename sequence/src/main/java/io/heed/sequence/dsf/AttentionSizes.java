package io.heed.sequence.dsf;

/**
 * Sizes of the paper's attentions.
 *
 * @param width     D, also the width of all values together
 * @param qkWidth   d_qk, width of all queries together, and of all keys
 * @param heads     H
 * @param bias      whether the projections have biases; the last always has one
 * @param dropout   probability of dropping a weight in training
 */
record AttentionSizes(long width, long qkWidth, int heads, boolean bias, double dropout) {
    /** @throws IllegalArgumentException when a width is not a multiple of the heads */
    AttentionSizes {
        if (heads < 1 || width % heads != 0 || qkWidth < heads || qkWidth % heads != 0) {
            throw new IllegalArgumentException("width " + width + " and query/key width " + qkWidth
                    + " must both be multiples of " + heads + " heads");
        }
        if (dropout < 0 || dropout >= 1) {
            throw new IllegalArgumentException("dropout " + dropout + " is not within [0, 1)");
        }
    }

    /** The same without biases. */
    AttentionSizes withoutBias() {
        return new AttentionSizes(width, qkWidth, heads, false, dropout);
    }

    /** f = D / H. */
    long valueWidth() {
        return width / heads;
    }

    /** e = d_qk / H. */
    long headWidth() {
        return qkWidth / heads;
    }
}
