package io.heed.sequence.graphaware;

/** What PNA attention takes for the maximum over a query's neighbours. */
public enum Maximum {
    /**
     * The query's own value row, as the official code computes it; -infinity where no weight of the row is positive.
     */
    OWN,
    /**
     * The elementwise maximum over the neighbours of positive weight, as the paper's text says; own row where there is
     * none.
     */
    NEIGHBOUR,
    /**
     * The whole value row of the neighbour with the largest 2-norm among those whose weight exceeds tau (row 0 where
     * none does), and another with the smallest in place of the sum: the official language-model variant.
     */
    ROW_BY_NORM
}
