package io.heed.cli.compare;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.heed.train.TrainEvent;
import io.heed.train.TrainListener;

/** Keeps what one model's training tells, for curves and throughput. */
final class Recorder implements TrainListener {
    private final List<History.StepPoint> steps = new ArrayList<>();
    private final List<History.EvaluationPoint> evaluations = new ArrayList<>();
    private double seconds;

    /** Goes on from {@code earlier}. */
    Recorder(History earlier) {
        steps.addAll(earlier.steps());
        evaluations.addAll(earlier.evaluations());
        seconds = steps.isEmpty() ? 0 : steps.getLast().seconds();
    }

    @Override
    public void on(TrainEvent event) {
        switch (event) {
            case TrainEvent.Stepped stepped -> {
                seconds += stepped.seconds();
                steps.add(new History.StepPoint(stepped.step(), seconds, stepped.loss()));
            }
            case TrainEvent.Evaluated evaluated -> evaluations.add(new History.EvaluationPoint(evaluated.step(),
                    seconds,
                    evaluated.evaluation().loss(), evaluated.evaluation().value()));
            default -> { }
        }
    }

    /** Steps kept so far. */
    int count() {
        return steps.size();
    }

    /** What was kept so far. */
    History history() {
        return new History(steps, evaluations);
    }

    /** The median time of a step, the first tenth (at least five, where there are more) left out as warm-up. */
    static double secondsPerStep(History history) {
        List<History.StepPoint> points = history.steps();
        int warm = Math.min(Math.max(5, points.size() / 10), Math.max(0, points.size() - 1));
        double[] times = new double[points.size() - warm];
        for (int i = warm; i < points.size(); i++) {
            times[i - warm] = points.get(i).seconds() - (i == 0 ? 0 : points.get(i - 1).seconds());
        }
        Arrays.sort(times);
        return times.length == 0 ? Double.NaN : times[times.length / 2];
    }
}
