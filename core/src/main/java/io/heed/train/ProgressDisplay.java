package io.heed.train;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows a single training: a bar with loss, throughput and remaining time on a terminal; elsewhere a plain line every 5
 * seconds or every tenth of the run, whichever comes first, so that logs stay short.
 */
public final class ProgressDisplay implements TrainListener, AutoCloseable {
    private static final long LINE_EVERY = Duration.ofSeconds(5).toNanos();

    private final String title;
    private final PrintStream out;
    private final boolean terminal;
    private final LongSupplier clock;
    private ProgressBar bar;
    private long steps;
    private double tokensPerStep;
    private long lastLine;
    private String evaluated = "";

    ProgressDisplay(String title, PrintStream out, boolean terminal, LongSupplier clock) {
        this.title = title;
        this.out = out;
        this.terminal = terminal;
        this.clock = clock;
    }

    /** Shows on standard output, as a bar if that is a terminal. */
    public static ProgressDisplay of(String title) {
        boolean terminal = System.console() != null && System.console().isTerminal();
        return new ProgressDisplay(title, System.out, terminal, System::nanoTime);
    }

    @Override
    public void on(TrainEvent event) {
        switch (event) {
            case TrainEvent.Started started -> start(started);
            case TrainEvent.Stepped stepped -> step(stepped);
            case TrainEvent.Evaluated evaluation -> {
                Evaluation result = evaluation.evaluation();
                evaluated = String.format(Locale.ROOT, "  validation loss %.4f, %s %.4g", result.loss(),
                        result.metric(),
                        result.value());
                say(evaluation.step(), evaluated.strip());
            }
            case TrainEvent.Saving saving -> { }
            case TrainEvent.Checkpointed checkpointed -> { }
            case TrainEvent.CheckpointFailed failed -> { }
            case TrainEvent.Ended ended -> close();
        }
    }

    private void start(TrainEvent.Started event) {
        steps = event.steps();
        tokensPerStep = event.tokensPerStep();
        lastLine = clock.getAsLong();
        if (terminal) {
            bar = new ProgressBarBuilder().setTaskName(title).setInitialMax(steps)
                    .startsFrom(event.step(), Duration.ZERO)
                    .setStyle(ProgressBarStyle.UNICODE_BLOCK).continuousUpdate().setUpdateIntervalMillis(200).build();
        } else if (event.step() > 0) {
            say(event.step(), "goes on from its checkpoint");
        }
    }

    private void step(TrainEvent.Stepped event) {
        String numbers = String.format(Locale.ROOT, "loss %.4f  %,.0f tokens/s", event.loss(), event.tokensPerSecond());
        if (bar != null) {
            bar.setExtraMessage(" " + numbers + evaluated);
            bar.stepTo(event.step());
            return;
        }
        long now = clock.getAsLong();
        boolean tenth = event.step() * 10 / steps > (event.step() - 1) * 10 / steps;
        if (now - lastLine >= LINE_EVERY || tenth) {
            long left = Math.round((steps - event.step()) * tokensPerStep / event.tokensPerSecond());
            say(event.step(), numbers + String.format(Locale.ROOT, "  %d:%02d left", left / 60, left % 60));
            lastLine = now;
        }
    }

    private void say(long step, String what) {
        if (!terminal) {
            out.printf(Locale.ROOT, "%s  step %d/%d  %s%n", title, step, steps, what);
        }
    }

    /** Ends the bar, also after an error. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
