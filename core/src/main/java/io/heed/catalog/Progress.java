package io.heed.catalog;

/** Is told how far a long computation is. */
@FunctionalInterface
public interface Progress {
    /**
     * @param fraction done so far, 0 to 1
     * @param message  what comes next, a few words
     */
    void update(double fraction, String message);

    /** Tells nobody. */
    static Progress silent() {
        return (_, _) -> { };
    }
}
