package io.heed.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;

/**
 * Trains a model on a task: {@link #run} to the end, or {@link #advance} in portions, where several models take turns.
 *
 * <p>libtorch's generator is seeded anew before every step and evaluation from the run's seed and the step's number, so
 * that dropout, too, depends on nothing but these. A run that is killed and resumed from its checkpoint therefore gives
 * the same bits as one that was not, on the same machine with the same number of threads.
 *
 * <p>A checkpoint that cannot be saved in passing (full or read-only disk) is reported as
 * {@link TrainEvent.CheckpointFailed}; the one before stays, training goes on, and the next save tries again. If the
 * save at the end or on interruption fails, it is reported likewise and then thrown, since the work would be lost.
 *
 * <p>The model and its parameters must outlive the trainer, and be on {@link TrainConfig#device} already. Not
 * thread-safe.
 *
 * @param <M> the kind of model
 */
public final class Trainer<M extends Module> implements AutoCloseable {
    private static final long DROPOUT = 1;
    private static final long EVALUATION = 2;
    private static final double SMOOTHING = 0.9;

    private final M model;
    private final Task<M> task;
    private final TrainConfig config;
    private final Schedule schedule;
    private final List<NamedTensor> parameters;
    private final List<NamedTensor> buffers;
    private final AdamW optimizer;
    private final List<TrainListener> listeners = new ArrayList<>();
    private Path checkpoint;
    private JsonNode settings;
    private StopSignal stop = new StopSignal();

    private long step;
    private long resumedAt;
    private long savedAt = -1;
    private long evaluatedAt = -1;
    private double loss = Double.NaN;
    private Evaluation evaluation;
    private double seconds;
    private double recentSeconds;
    private double recentSteps;
    private boolean started;
    private TrainResult result;

    /** Prepares to train {@code model} from its present weights. */
    public Trainer(M model, Task<M> task, TrainConfig config) {
        this.model = model;
        this.task = task;
        this.config = config;
        schedule = config.schedule();
        parameters = NamedTensor.parameters(model);
        buffers = NamedTensor.buffers(model);
        optimizer = new AdamW(parameters, config);
        model.train(true);
    }

    /** Adds a listener; they hear events in the order in which they were added. */
    public Trainer<M> listen(TrainListener listener) {
        listeners.add(listener);
        return this;
    }

    /**
     * Saves to {@code file}, in a folder that exists, every {@link TrainConfig#checkpointEvery} steps and at the end.
     */
    public Trainer<M> checkpointTo(Path file) {
        checkpoint = file;
        return this;
    }

    /** Keeps {@code settings}, what the run was asked for, in checkpoints; {@link #resume} then wants the same. */
    public Trainer<M> under(JsonNode settings) {
        this.settings = settings;
        return this;
    }

    /** Stops after the step in progress when {@code stop} asks for it. */
    public Trainer<M> stopOn(StopSignal stop) {
        this.stop = stop;
        return this;
    }

    /**
     * Goes on from {@code file}: parameters, buffers, moments and the step number become the checkpoint's. Call it
     * before the first step. The run gives the same bits as one that never stopped, so its configuration must be the
     * one that the checkpoint was saved under, but for the device and how often to evaluate and save.
     *
     * @throws IllegalArgumentException in one line when the file is not a whole checkpoint of this model (a name is
     *                                  missing or unused, or a shape differs: names the tensor and both shapes), or of
     *                                  another configuration (names the key and both values)
     */
    public Trainer<M> resume(Path file) {
        if (started) {
            throw new IllegalStateException("resume comes before the first step");
        }
        Checkpoint.describe(file).requireSame(file, task.id(), config, settings);
        Checkpoint state = Checkpoint.load(file, parameters, buffers, optimizer);
        step = state.step();
        resumedAt = step;
        savedAt = step;
        loss = state.loss();
        evaluation = state.evaluation();
        evaluatedAt = state.evaluatedAt();
        return this;
    }

    /** Trains to the end, or until a stop is asked for. */
    public TrainResult run() {
        advance(Long.MAX_VALUE);
        return result;
    }

    /**
     * Takes up to {@code steps} steps, with the evaluations and saves that fall due. After the last step of the run it
     * evaluates, saves and tells {@link TrainEvent.Ended}.
     *
     * @return whether there is more to do
     * @throws TrainingStopped when the loss, a gradient or a parameter is not finite
     */
    public boolean advance(long steps) {
        if (result != null) {
            return false;
        }
        start();
        for (long taken = 0; taken < steps && step < config.steps() && !stop.requested(); taken++) {
            takeStep();
            if (due(config.evaluateEvery())) {
                evaluate();
            }
            if (due(config.checkpointEvery()) && step < config.steps()) {
                save();
            }
        }
        if (step >= config.steps()) {
            end(TrainResult.Outcome.COMPLETED);
        } else if (stop.requested()) {
            end(TrainResult.Outcome.INTERRUPTED);
        }
        return result == null;
    }

    /** Steps done, those before a resume included. */
    public long step() {
        return step;
    }

    /** The model in training. */
    public M model() {
        return model;
    }

    /** The configuration. */
    public TrainConfig config() {
        return config;
    }

    /** Trained numbers in the model. */
    public long parameterCount() {
        return optimizer.count();
    }

    /** How training ended, once it has. */
    public Optional<TrainResult> result() {
        return Optional.ofNullable(result);
    }

    /** The last evaluation, if there was one. */
    public Optional<Evaluation> evaluation() {
        return Optional.ofNullable(evaluation);
    }

    /** Frees the optimizer's moments. The model stays. */
    @Override
    public void close() {
        optimizer.close();
        parameters.forEach(NamedTensor::release);
        buffers.forEach(NamedTensor::release);
    }

    private void start() {
        if (!started) {
            started = true;
            tell(new TrainEvent.Started(step, config.steps(), task.id(), optimizer.count(), task.tokensPerStep()));
        }
    }

    private void takeStep() {
        long begin = System.nanoTime();
        double rate = schedule.rate(step);
        double norm;
        try (PointerScope scope = new PointerScope()) {
            torch.manual_seed(CounterRandom.key(config.seed(), step, DROPOUT));
            Tensor tensor = task.loss(model, Step.of(step, config.seed()));
            if (tensor.numel() != 1) {
                throw new IllegalStateException("task " + task.id() + " gave a loss of " + tensor.numel()
                        + " numbers, must be one");
            }
            double value = tensor.item_double();
            tensor.backward();
            norm = optimizer.gradientNorm();
            if (!Double.isFinite(value) || !Double.isFinite(norm)) {
                throw notFinite(value, norm);
            }
            if (!optimizer.update(rate, norm)) {
                String name = optimizer.valueNotFinite().orElse("a parameter");
                throw new TrainingStopped(step + 1, name, name + " is not finite after the update" + advice(rate));
            }
            loss = value;
            model.zero_grad(true);
        }
        step++;
        double took = (System.nanoTime() - begin) / 1e9;
        seconds += took;
        recentSeconds = recentSeconds * SMOOTHING + took;
        recentSteps = recentSteps * SMOOTHING + 1;
        tell(new TrainEvent.Stepped(step, loss, rate, norm, took, task.tokensPerStep() * recentSteps / recentSeconds));
    }

    private TrainingStopped notFinite(double value, double norm) {
        String advice = advice(schedule.rate(step));
        Optional<String> weight = optimizer.valueNotFinite();
        if (weight.isPresent()) {
            return new TrainingStopped(step + 1, weight.get(), weight.get() + " is not finite, so the loss is " + value
                    + "; look at the initial weights");
        }
        String found = Double.isFinite(value) ? "" : "the loss is " + value + "; ";
        return optimizer.gradientNotFinite()
                .map(name -> new TrainingStopped(step + 1, name, found + "the gradient of " + name + " is not finite"
                + advice))
                .orElseGet(() -> new TrainingStopped(step + 1, "loss", "the loss is " + value + advice));
    }

    private String advice(double rate) {
        return "; lower the rate (now " + rate + ") or the clip (now "
                + (config.clip() == 0 ? "off" : "" + config.clip()) + ")"
                + (savedAt < 0 ? "" : "; the checkpoint of step " + savedAt + " is whole");
    }

    private boolean due(long every) {
        return every > 0 && step % every == 0;
    }

    private void evaluate() {
        if (evaluatedAt == step) {
            return;
        }
        long begin = System.nanoTime();
        model.eval();
        try (PointerScope scope = new PointerScope(); NoGradGuard none = new NoGradGuard()) {
            torch.manual_seed(CounterRandom.key(config.seed(), step, EVALUATION));
            evaluation = task.evaluate(model);
        } finally {
            model.train(true);
        }
        evaluatedAt = step;
        tell(new TrainEvent.Evaluated(step, evaluation, (System.nanoTime() - begin) / 1e9));
    }

    private Optional<IOException> save() {
        if (checkpoint == null || savedAt == step) {
            return Optional.empty();
        }
        tell(new TrainEvent.Saving(step));
        long begin = System.nanoTime();
        try {
            new Checkpoint(step, loss, evaluation, evaluatedAt, task.id(), config, settings)
                    .save(checkpoint, parameters, buffers, optimizer);
        } catch (IOException e) {
            tell(new TrainEvent.CheckpointFailed(step, e.getMessage()));
            return Optional.of(e);
        }
        savedAt = step;
        tell(new TrainEvent.Checkpointed(step, checkpoint, (System.nanoTime() - begin) / 1e9));
        return Optional.empty();
    }

    private void end(TrainResult.Outcome outcome) {
        if (outcome == TrainResult.Outcome.COMPLETED) {
            evaluate();
        }
        Optional<IOException> failure = save();
        double rate = seconds > 0 ? task.tokensPerStep() * (step - resumedAt) / seconds : 0;
        result = new TrainResult(outcome, step, loss, evaluation, seconds, rate);
        tell(new TrainEvent.Ended(step, result));
        failure.ifPresent(e -> {
            throw new UncheckedIOException(e.getMessage(), e);
        });
    }

    private void tell(TrainEvent event) {
        for (TrainListener listener : listeners) {
            listener.on(event);
        }
    }
}
