package io.heed.sequence;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;

import io.heed.train.Evaluation;
import io.heed.train.Task;
import io.heed.train.TrainConfig;
import io.heed.train.TrainListener;
import io.heed.train.Trainer;
import io.heed.train.TrainingStopped;

/**
 * Training as studies use it: to the end, with one evaluation there, and divergence as a result rather than an error.
 */
public final class StudyTraining {
    private StudyTraining() { }

    /** {@code steps} steps at a peak rate of {@code rate}, a warm-up of a tenth, evaluated at the end only. */
    public static TrainConfig config(long steps, double rate, long seed) {
        return TrainConfig.defaults().withSteps(steps).withSchedule(steps / 10, 0.1).withRate(rate).withEvery(0, 0)
                .withSeed(seed);
    }

    /** Trains {@code model}; a loss of infinity says that training met numbers that are not finite. */
    public static <M extends Module> Evaluation train(M model, Task<M> task, TrainConfig config,
            TrainListener... listeners) {
        try (Trainer<M> trainer = new Trainer<>(model, task, config)) {
            for (TrainListener listener : listeners) {
                trainer.listen(listener);
            }
            return trainer.run().evaluation().orElseThrow();
        } catch (TrainingStopped _) {
            return Evaluation.of(Double.POSITIVE_INFINITY, task.metric(), Double.NaN);
        }
    }

    /** Evaluates {@code model} as it is, on another task than it was trained on. */
    public static <M extends Module> Evaluation evaluate(M model, Task<M> task) {
        model.eval();
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            return task.evaluate(model);
        }
    }
}
