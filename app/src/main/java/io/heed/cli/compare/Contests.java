package io.heed.cli.compare;

import java.io.IOException;
import java.util.List;

import io.heed.train.NearestName;

/** Every family whose models can be compared, by task. */
public final class Contests {
    private static final List<ContestFamily> FAMILIES = List.of(new LanguageContests(), new GraphContests(),
            new ImageContests());

    private Contests() { }

    /** All tasks, as users write them. */
    static List<String> tasks() {
        return FAMILIES.stream().flatMap(family -> family.tasks().stream()).toList();
    }

    /**
     * The family that {@code task} belongs to.
     *
     * @throws IllegalArgumentException when there is no such task, with the nearest name
     */
    static ContestFamily of(String task) {
        return FAMILIES.stream().filter(family -> family.tasks().contains(task)).findFirst().orElseThrow(() ->
                new IllegalArgumentException(NearestName.unknown("task '" + task + "'", task, tasks())));
    }

    /**
     * Checks the settings' mixers, then what else their family can judge.
     *
     * @throws IllegalArgumentException in one line
     */
    static void check(CompareSettings settings) {
        ContestFamily family = of(settings.task());
        for (String mixer : settings.mixers()) {
            if (!family.knows(mixer)) {
                FAMILIES.stream().filter(other -> other.knows(mixer)).findFirst().ifPresent(other -> {
                    throw new IllegalArgumentException("'" + mixer + "' is a " + other.mixerNoun() + ", the task "
                            + settings.task() + " compares " + family.mixerNoun() + "s: "
                            + String.join(", ", family.mixers()));
                });
            }
        }
        if (settings.split() != CompareSettings.SPLIT_OF_SEED && !family.hasSplits()) {
            throw new IllegalArgumentException("the task " + settings.task()
                    + " has no splits to choose from: leave --split out");
        }
        if (!settings.text().isEmpty() && !settings.task().equals("text")) {
            throw new IllegalArgumentException("a text file needs the task text, not " + settings.task()
                    + ": leave one of them out");
        }
        if (!settings.images().isEmpty() && !settings.task().equals(ImageContests.OWN)) {
            throw new IllegalArgumentException("a folder of images needs the task images, not " + settings.task()
                    + ": leave one of them out");
        }
        family.check(settings);
    }

    /**
     * The contest that the settings ask for, with its data read.
     *
     * @throws IllegalArgumentException in one line when the data cannot be found or used
     */
    public static Contest<?> open(CompareSettings settings) throws IOException {
        return of(settings.task()).open(settings);
    }
}
