package io.heed.cli.compare;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

import io.heed.cli.output.Figures;
import io.heed.cli.output.Terminal;

/**
 * Shows the models' curves growing: on a terminal one line a model, redrawn in place; else plain lines now and then.
 */
final class Display {
    private static final long REDRAW_NANOS = 120_000_000L;
    private static final long PLAIN_NANOS = 10_000_000_000L;

    private final Terminal terminal;
    private final String metric;
    private final String unit;
    private final List<Standing> standings;
    private final int nameWidth;
    private int drawn;
    private long shown;

    /**
     * @param terminal  where to draw
     * @param metric    the metric's short name
     * @param unit      what a training step reads, in the plural
     * @param standings the models, in order; read at every update
     */
    Display(Terminal terminal, String metric, String unit, List<Standing> standings) {
        this.terminal = terminal;
        this.metric = metric;
        this.unit = unit;
        this.standings = standings;
        this.nameWidth = standings.stream().mapToInt(standing -> standing.name().length()).max().orElse(0);
        this.shown = System.nanoTime();
    }

    /** Something changed: redraws if the last drawing is long enough ago. */
    void update() {
        long now = System.nanoTime();
        if (now - shown < (terminal.isLive() ? REDRAW_NANOS : PLAIN_NANOS)) {
            return;
        }
        draw();
        shown = now;
    }

    /** Draws the final state and leaves it standing. */
    void finish() {
        draw();
        drawn = 0;
    }

    /** Prints a line of its own above the display. */
    void say(String line) {
        if (terminal.isLive() && drawn > 0) {
            terminal.err().print("\u001b[" + drawn + "A\u001b[J");
            drawn = 0;
        }
        terminal.err().println(line);
        if (terminal.isLive()) {
            draw();
        }
    }

    private void draw() {
        PrintStream err = terminal.err();
        StringBuilder lines = new StringBuilder();
        if (terminal.isLive()) {
            if (drawn > 0) {
                lines.append("\u001b[").append(drawn).append('A');
            }
            for (Standing standing : standings) {
                lines.append(clip(live(standing))).append("\u001b[K\n");
            }
            lines.append(clip(left())).append("\u001b[K\n");
            drawn = standings.size() + 1;
        } else {
            for (Standing standing : standings) {
                lines.append(plain(standing)).append('\n');
            }
        }
        err.print(lines);
        err.flush();
    }

    private String live(Standing standing) {
        int width = Math.max(8, Math.min(30, terminal.columns() - nameWidth - 66));
        double share = (double) standing.step() / standing.steps();
        int full = (int) Math.round(width * share);
        return pad(standing.name()) + "  " + "━".repeat(full) + "\u001b[2m" + "─".repeat(width - full) + "\u001b[0m"
                + String.format(Locale.ROOT, " %3.0f%%", 100 * share) + figures(standing);
    }

    private String plain(Standing standing) {
        return pad(standing.name()) + "  step " + standing.step() + "/" + standing.steps() + figures(standing);
    }

    private String figures(Standing standing) {
        StringBuilder text = new StringBuilder();
        if (!Double.isNaN(standing.loss())) {
            text.append("  loss ").append(Figures.quality(standing.loss()));
        }
        if (!Double.isNaN(standing.value())) {
            text.append("  ").append(metric).append(' ').append(Figures.quality(standing.value()));
        }
        if (standing.tokensPerSecond() > 0) {
            text.append("  ").append(Figures.count(standing.tokensPerSecond())).append(' ').append(unit)
                    .append("/s");
        }
        double left = standing.secondsLeft();
        if (left > 0) {
            text.append("  ").append(Figures.duration(left)).append(" left");
        }
        return text.toString();
    }

    private String left() {
        double seconds = standings.stream().mapToDouble(Standing::secondsLeft).sum();
        return Double.isNaN(seconds) ? "" : seconds == 0 ? "" : "all: " + Figures.duration(seconds) + " left";
    }

    private String pad(String name) {
        return name + " ".repeat(Math.max(0, nameWidth - name.length()));
    }

    /** No more characters than a line holds: a wrapped line would spoil the redrawing. Escape codes take no room. */
    private String clip(String line) {
        int room = terminal.columns() - 1;
        StringBuilder kept = new StringBuilder();
        for (int i = 0; i < line.length(); i++) {
            if (line.charAt(i) == '\u001b') {
                int end = line.indexOf('m', i);
                kept.append(line, i, end + 1);
                i = end;
            } else if (room-- > 0) {
                kept.append(line.charAt(i));
            }
        }
        return kept.toString();
    }
}
