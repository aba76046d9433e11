package io.heed.cli.compare;

/** How far one model has come, for the display. */
final class Standing {
    private static final double MEMORY = 0.95;

    private final String name;
    private final long steps;
    private long step;
    private double loss = Double.NaN;
    private double value = Double.NaN;
    private double seconds;
    private long timed;
    private double tokensPerSecond;

    Standing(String name, long steps) {
        this.name = name;
        this.steps = steps;
    }

    /** A step was done. */
    void stepped(long step, double loss, double seconds, double tokensPerSecond) {
        this.step = step;
        // A running mean, so that the figure on the screen can be read.
        this.loss = Double.isNaN(this.loss) ? loss : MEMORY * this.loss + (1 - MEMORY) * loss;
        this.seconds += seconds;
        this.tokensPerSecond = tokensPerSecond;
        timed++;
    }

    /** The model stands at {@code step} already, from an earlier run. */
    void resumed(long step) {
        this.step = step;
    }

    /** The validation split was evaluated. */
    void evaluated(double value) {
        this.value = value;
    }

    String name() {
        return name;
    }

    long step() {
        return step;
    }

    long steps() {
        return steps;
    }

    double loss() {
        return loss;
    }

    double value() {
        return value;
    }

    double tokensPerSecond() {
        return tokensPerSecond;
    }

    boolean isDone() {
        return step >= steps;
    }

    /** The model's own time until it is done; NaN before the first step. */
    double secondsLeft() {
        return isDone() ? 0 : timed == 0 ? Double.NaN : seconds / timed * (steps - step);
    }
}
