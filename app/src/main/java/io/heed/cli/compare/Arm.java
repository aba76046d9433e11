package io.heed.cli.compare;

import java.io.IOException;
import java.util.Arrays;
import java.util.function.Consumer;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.PeakMemory;
import io.heed.train.Evaluation;
import io.heed.train.RunDirectory;
import io.heed.train.StopSignal;
import io.heed.train.TrainConfig;
import io.heed.train.TrainEvent;
import io.heed.train.Trainer;

/** One model of a comparison in training: a mixer with a seed. Its folder holds all that a resumed run needs. */
final class Arm<M extends Module> implements AutoCloseable {
    /** Steps before memory is measured: the optimiser's moments and the kernels' scratch are there by then. */
    private static final int SETTLED = 2;
    private static final int MEASURED = 3;

    private final String mixer;
    private final long seed;
    private final RunDirectory directory;
    private final Contest<M> contest;
    private final M model;
    private final Trainer<M> trainer;
    private final Recorder recorder;
    private final Standing standing;
    private final long[] peaks = new long[MEASURED];
    private int measured;

    /**
     * Builds the model, or goes on from the checkpoint in {@code directory} if there is one.
     *
     * @param directory the arm's own; closed with the arm
     * @param standing  told how far it is
     * @param warnings  gets a line for each file that cannot be written for now
     * @throws IllegalArgumentException when a checkpoint does not fit
     */
    Arm(String mixer, long seed, RunDirectory directory, Contest<M> contest, Contest.Contestant<M> contestant,
        TrainConfig training, StopSignal stop, Standing standing, Consumer<String> warnings) throws IOException {
        this.mixer = mixer;
        this.seed = seed;
        this.directory = directory;
        this.contest = contest;
        this.standing = standing;
        torch.manual_seed(seed);
        model = contestant.build();
        trainer = new Trainer<>(model, contest.task(), training.withSeed(seed)).stopOn(stop);
        directory.attach(trainer, warnings);
        recorder = new Recorder(MetricsHistory.read(directory.metrics(), contest.task().metric(), trainer.step()));
        trainer.listen(recorder).listen(this::show);
        standing.resumed(trainer.step());
        trainer.evaluation().ifPresent(evaluation -> standing.evaluated(evaluation.value()));
    }

    /**
     * Trains until {@code goal} steps are done, the run ends, or a stop was asked for.
     *
     * @param afterStep runs after every step
     * @return whether there is more to do
     */
    boolean advanceTo(long goal, Runnable afterStep) {
        if (trainer.step() >= goal && goal < trainer.config().steps()) {
            return true;
        }
        boolean more;
        do {
            if (measured < MEASURED && recorder.count() >= SETTLED) {
                boolean[] goesOn = new boolean[1];
                peaks[measured++] = PeakMemory.during(() -> goesOn[0] = trainer.advance(1));
                more = goesOn[0];
            } else {
                more = trainer.advance(1);
            }
            afterStep.run();
        } while (more && trainer.step() < goal);
        return more;
    }

    /** Figures of the model as it is, and the text that it writes. */
    ArmResult result(boolean withSample) {
        History history = recorder.history();
        Evaluation evaluation = trainer.evaluation().orElseThrow();
        SeedRun run = new SeedRun(seed, history, evaluation.loss(), evaluation.value(), test(),
                contest.task().tokensPerStep() / Recorder.secondsPerStep(history), peak(), contest.stateBytes(model));
        String sample = withSample ? contest.sample(model) : "";
        return new ArmResult(mixer, trainer.parameterCount(), trainer.step(), run, sample.isEmpty() ? ""
                : contest.prompt(),
                sample);
    }

    private double test() {
        model.eval();
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            return contest.test(model);
        } finally {
            model.train(true);
        }
    }

    private long peak() {
        long[] sorted = Arrays.copyOf(peaks, measured);
        Arrays.sort(sorted);
        return measured == 0 ? 0 : sorted[measured / 2];
    }

    private void show(TrainEvent event) {
        switch (event) {
            case TrainEvent.Stepped stepped -> standing.stepped(stepped.step(), stepped.loss(), stepped.seconds(),
                    stepped.tokensPerSecond());
            case TrainEvent.Evaluated evaluated -> standing.evaluated(evaluated.evaluation().value());
            default -> { }
        }
    }

    @Override
    public void close() {
        trainer.close();
        directory.close();
        model.deallocate();
    }
}
