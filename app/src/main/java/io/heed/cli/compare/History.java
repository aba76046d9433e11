package io.heed.cli.compare;

import java.util.List;

/**
 * How one model's training went. Times are the model's own: seconds spent in its steps, not in those of its rivals.
 *
 * @param steps       one entry a training step
 * @param evaluations one entry an evaluation
 */
public record History(List<StepPoint> steps, List<EvaluationPoint> evaluations) {
    /**
     * A training step.
     *
     * @param step    steps done
     * @param seconds the model's training time so far
     * @param loss    training loss of the step
     */
    public record StepPoint(long step, double seconds, double loss) { }

    /**
     * An evaluation.
     *
     * @param step    steps done
     * @param seconds the model's training time so far
     * @param loss    validation loss
     * @param value   the task's metric
     */
    public record EvaluationPoint(long step, double seconds, double loss, double value) { }

    public History {
        steps = List.copyOf(steps);
        evaluations = List.copyOf(evaluations);
    }

    /** Mean training loss of the last twentieth of the steps, at least ten. */
    public double finalTrainLoss() {
        int last = Math.min(steps.size(), Math.max(10, steps.size() / 20));
        return steps.subList(steps.size() - last, steps.size()).stream().mapToDouble(StepPoint::loss).average()
                .orElse(Double.NaN);
    }
}
