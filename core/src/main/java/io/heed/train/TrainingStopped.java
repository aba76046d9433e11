package io.heed.train;

/**
 * Training cannot go on: the loss, a gradient or a parameter is not finite. The message is one line that names the step
 * and the tensor and says how to mend it; the last good checkpoint is untouched.
 */
public final class TrainingStopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long step;
    private final String tensor;

    /**
     * @param step   number of the step that failed, counted from 1
     * @param tensor name of the first tensor found not finite, {@code loss} where only the loss is
     * @param what   what was found and what to try
     */
    TrainingStopped(long step, String tensor, String what) {
        super("step " + step + ": " + what);
        this.step = step;
        this.tensor = tensor;
    }

    /** Number of the step that failed, counted from 1. */
    public long step() {
        return step;
    }

    /** Name of the first tensor found not finite. */
    public String tensor() {
        return tensor;
    }
}
