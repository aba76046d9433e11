package io.heed.sequence;

/**
 * The four attention patterns of CAB (arXiv 2210.07661): whether the output at a position may depend on later queries,
 * and whether keys and values come from the queries' own sequence or from another.
 */
public enum Pattern {
    /** Output i depends on tokens up to i of one sequence. */
    CAUSAL_SELF,
    /** Output i depends on all tokens of one sequence. */
    NONCAUSAL_SELF,
    /** Output i depends on queries up to i and on all tokens of the memory. */
    CAUSAL_CROSS,
    /** Output i depends on all queries and on all tokens of the memory. */
    NONCAUSAL_CROSS;

    /** Whether outputs must not depend on later queries. */
    public boolean isCausal() {
        return this == CAUSAL_SELF || this == CAUSAL_CROSS;
    }

    /** Whether keys and values come from a memory. */
    public boolean isCross() {
        return this == CAUSAL_CROSS || this == NONCAUSAL_CROSS;
    }
}
