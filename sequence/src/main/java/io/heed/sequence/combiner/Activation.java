package io.heed.sequence.combiner;

/** What a group's queries and keys go through before they are pooled. */
public enum Activation {
    /** Nothing. */
    IDENTITY,
    /** max(x, 0). */
    RELU,
    /** max(x W, 0), with a W (d, d) for queries and one for keys, the same for all heads. */
    DEEPSET
}
