package io.heed.sequence;

/** How a mixer's time grows with the length N of the sequence. */
public enum Cost {
    /** O(N): a longer sequence takes as much for each token. */
    LINEAR,
    /** More than O(N), less than O(N^2): O(N log N), O(N sqrt N). */
    SUBQUADRATIC,
    /** O(N^2), as softmax attention. */
    QUADRATIC
}
