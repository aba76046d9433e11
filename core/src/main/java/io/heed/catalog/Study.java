package io.heed.catalog;

import java.util.List;

/** An experiment that tests what a paper claims and lets its own numbers decide. */
public interface Study {
    /** What is tested. */
    List<Claim> claims();

    /**
     * Runs the experiment within about the budget's time.
     *
     * @param progress told how far it is
     * @return the numbers, and a verdict computed from them
     */
    Report run(Budget budget, Progress progress);
}
