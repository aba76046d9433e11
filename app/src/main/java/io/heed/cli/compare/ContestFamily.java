package io.heed.cli.compare;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** One family of models, as comparisons see it: its tasks, its mixers, and how a contest between them is set up. */
interface ContestFamily {
    /** The tasks, as users write them. */
    List<String> tasks();

    /** What the family calls that which {@code --mixers} names, e.g. {@code graph layer}. */
    String mixerNoun();

    /** The ids of all mixers that can be compared. */
    List<String> mixers();

    /** Whether {@code mixer}, with or without options, names one of the mixers, by id or alias. */
    boolean knows(String mixer);

    /** The settings of a comparison on {@code task} that says nothing else. */
    CompareSettings defaults(String task);

    /**
     * Checks what this family alone can judge.
     *
     * @throws IllegalArgumentException in one line when a mixer is unknown, or a setting is out of range or has no
     *                                  meaning
     */
    void check(CompareSettings settings);

    /**
     * The settings without the mixers that cannot take part, where all were asked for; else as they are.
     *
     * @param say gets a line for each that is left out
     */
    default CompareSettings withoutUnable(CompareSettings settings, Consumer<String> say) {
        return settings;
    }

    /** Whether data sets have several published splits to choose from. */
    default boolean hasSplits() {
        return false;
    }

    /**
     * Sets the contest up, with its data read.
     *
     * @throws IllegalArgumentException in one line when the data cannot be found or used
     */
    Contest<?> open(CompareSettings settings) throws IOException;
}
