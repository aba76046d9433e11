package io.heed.cli.output;

import java.io.PrintStream;

/**
 * Where progress goes: the error stream, so that results on standard output stay clean.
 *
 * @param err     the stream
 * @param isLive  whether lines can be redrawn in place; false for a file, a pipe or a dumb terminal
 * @param columns width in characters
 */
public record Terminal(PrintStream err, boolean isLive, int columns) {
    /**
     * The terminal as the launcher saw it: it passes the system properties {@code heed.terminal} and
     * {@code heed.columns}.
     */
    public static Terminal current() {
        return new Terminal(System.err, Boolean.getBoolean("heed.terminal") && !"dumb".equals(System.getenv("TERM")),
                Math.max(60, Integer.getInteger("heed.columns", 100)));
    }
}
