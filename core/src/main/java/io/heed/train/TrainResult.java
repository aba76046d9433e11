package io.heed.train;

import java.util.Optional;

/**
 * How a training ended.
 *
 * @param outcome         done, or stopped by request
 * @param step            steps done
 * @param loss            training loss of the last step, NaN if no step was taken
 * @param lastEvaluation  the last evaluation, null if there was none; read it with {@link #evaluation}
 * @param seconds         wall time spent in steps by this process
 * @param tokensPerSecond throughput over these seconds
 */
public record TrainResult(Outcome outcome, long step, double loss, Evaluation lastEvaluation, double seconds,
                          double tokensPerSecond) {
    /** Why training ended. */
    public enum Outcome {
        /** All steps were taken. */
        COMPLETED,
        /** A {@link StopSignal} asked to stop; the step in progress was finished and saved. */
        INTERRUPTED
    }

    /** The last evaluation. */
    public Optional<Evaluation> evaluation() {
        return Optional.ofNullable(lastEvaluation);
    }

    /** Whether a {@link StopSignal} ended it; the command then exits 130. */
    public boolean interrupted() {
        return outcome == Outcome.INTERRUPTED;
    }
}
