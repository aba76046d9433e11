package io.heed.cli;

import java.util.Locale;

import io.heed.catalog.Progress;
import io.heed.cli.output.Terminal;

/** A study's progress: one line redrawn on a terminal, else a line for every new message. */
final class StudyProgress implements Progress {
    private static final int WIDTH = 24;

    private final Terminal terminal;
    private String last = "";

    StudyProgress(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void update(double fraction, String message) {
        double share = Math.clamp(fraction, 0, 1);
        if (terminal.isLive()) {
            int full = (int) Math.round(WIDTH * share);
            String line = String.format(Locale.ROOT, "%s%s %3.0f%%  %s", "━".repeat(full), "─".repeat(WIDTH - full),
                    100 * share, message);
            terminal.err().print("\r" + line.substring(0, Math.min(line.length(), terminal.columns() - 1))
                    + "\u001b[K");
            terminal.err().flush();
        } else if (!message.equals(last)) {
            terminal.err().println(String.format(Locale.ROOT, "%3.0f%%  %s", 100 * share, message));
            last = message;
        }
    }

    /** Ends the line. */
    void finish() {
        if (terminal.isLive()) {
            terminal.err().print("\r\u001b[K");
            terminal.err().flush();
        }
    }
}
