package io.heed.train;

import sun.misc.Signal;

/**
 * A request to stop, safe to set from any thread. A trainer that was given one finishes its step, saves, and returns
 * {@link TrainResult.Outcome#INTERRUPTED}.
 */
public final class StopSignal {
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
     * A signal that Ctrl-C (SIGINT) or SIGTERM sets. The first one asks; a second one ends the process at once with
     * status 130, which the last checkpoint survives.
     */
    public static StopSignal onInterrupt() {
        StopSignal stop = new StopSignal();
        for (String name : new String[] {"INT", "TERM"}) {
            Signal.handle(new Signal(name), signal -> {
                if (stop.requested) {
                    Runtime.getRuntime().halt(130);
                }
                stop.requested = true;
            });
        }
        return stop;
    }
}
