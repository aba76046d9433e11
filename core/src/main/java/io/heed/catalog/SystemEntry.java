package io.heed.catalog;

import java.util.Map;
import java.util.Optional;

/** A system that Heed builds. Implementations must not load libtorch before a golden module or a study is run. */
public interface SystemEntry {
    /** Its card: usually {@link Catalog#card} with the claims. */
    SystemCard card();

    /** What its golden cases check, by the cases' {@code module}. */
    Map<String, GoldenModule> golden();

    /** Whether all of the system is built; where not, its golden cases beyond {@link #golden} are missing. */
    default boolean isComplete() {
        return true;
    }

    /** The test of its paper's headline claim. */
    default Optional<Study> study() {
        return Optional.empty();
    }
}
