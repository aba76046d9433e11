package io.heed.vision;

/** How tokens of a grid get to know where they are. */
public enum Positions {
    /** A learned vector for each place of the grid is added to the tokens. */
    LEARNED,
    /** Mixers learn a bias for each offset between two tokens. */
    RELATIVE,
    /** The mixers carry order themselves. */
    NONE
}
