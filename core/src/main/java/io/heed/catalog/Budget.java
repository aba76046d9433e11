package io.heed.catalog;

import java.util.Locale;

/** How long a study may take, on two cores. */
public enum Budget {
    /** About two minutes: enough to see the direction. */
    QUICK(120),
    /** About twenty minutes: enough for several seeds and sizes. */
    FULL(1200);

    private final int seconds;

    Budget(int seconds) {
        this.seconds = seconds;
    }

    /** The time to stay within. */
    public int seconds() {
        return seconds;
    }

    /**
     * {@code quick} or {@code full}.
     *
     * @throws IllegalArgumentException for anything else
     */
    public static Budget named(String name) {
        for (Budget budget : values()) {
            if (budget.name().equalsIgnoreCase(name.strip())) {
                return budget;
            }
        }
        throw new IllegalArgumentException("budget '" + name + "': must be quick or full");
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
