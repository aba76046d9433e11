package io.heed.data;

/** The three parts of a data set. */
public enum Split {
    /** Seen in training. */
    TRAIN,
    /** Evaluated while training. */
    VALIDATION,
    /** Evaluated once, at the end. */
    TEST
}
