package io.heed.train;

import sun.misc.Signal;

/**
 * A request to stop, safe to set from any thread. A trainer that was given one finishes its step, saves, and returns
 * {@link TrainResult.Outcome#INTERRUPTED}.
 */
public final class StopSignal {
    private static final long SAME_PRESS_NANOS = 1_000_000_000L;

    private volatile long requestedAt;
    private volatile boolean requested;

    /** Asks to stop after the step in progress. */
    public void request() {
        requested = true;
    }

    /** Whether somebody asked to stop. */
    public boolean requested() {
        return requested;
    }

    /**
     * A signal that Ctrl-C (SIGINT) or SIGTERM sets. The first one asks; another one, a second later or more, ends the
     * process at once with status 130, which the last checkpoint survives. What comes sooner is the same press:
     * {@code timeout} and terminals send a signal to the process and once more to its group.
     */
    public static StopSignal onInterrupt() {
        StopSignal stop = new StopSignal();
        for (String name : new String[] {"INT", "TERM"}) {
            Signal.handle(new Signal(name), signal -> {
                long now = System.nanoTime();
                if (!stop.requested) {
                    stop.requestedAt = now;
                    stop.requested = true;
                } else if (now - stop.requestedAt >= SAME_PRESS_NANOS) {
                    Runtime.getRuntime().halt(130);
                }
            });
        }
        return stop;
    }
}
