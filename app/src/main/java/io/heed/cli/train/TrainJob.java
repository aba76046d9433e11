package io.heed.cli.train;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch;

import io.heed.cli.compare.CompareSettings;
import io.heed.cli.compare.Contest;
import io.heed.cli.compare.Contests;
import io.heed.cli.output.Figures;
import io.heed.train.ProgressDisplay;
import io.heed.train.RunDirectory;
import io.heed.train.StopSignal;
import io.heed.train.TrainResult;
import io.heed.train.Trainer;

/** Trains one model in a run directory. */
public final class TrainJob implements AutoCloseable {
    private static final int INTERRUPTED = 130;

    private final CompareSettings settings;
    private final Contest<?> contest;
    private final RunDirectory directory;

    private TrainJob(CompareSettings settings, Contest<?> contest, RunDirectory directory) {
        this.settings = settings;
        this.contest = contest;
        this.directory = directory;
    }

    /**
     * A new training.
     *
     * @param settings one mixer and one seed
     * @param out      its folder, which must not hold a run yet; null for {@code runs/<time>-train}
     * @throws IllegalArgumentException when the settings name several mixers or seeds, or the folder holds a run
     */
    public static TrainJob create(CompareSettings settings, Path out) throws IOException {
        if (settings.mixers().size() != 1 || settings.seeds().size() != 1) {
            throw new IllegalArgumentException("train takes one mixer and one seed, got " + settings.mixers().size()
                    + " and "
                    + settings.seeds().size() + "; 'heed compare' takes several");
        }
        Contest<?> contest = Contests.open(settings);
        if (out == null) {
            return new TrainJob(settings, contest, RunDirectory.create(Path.of("runs"), "train"));
        }
        if (Files.exists(out.resolve("config.json"))) {
            throw new IllegalArgumentException(out + " holds a run already: go on with --resume " + out
                    + ", or choose another --out");
        }
        Files.createDirectories(out);
        return new TrainJob(settings, contest, RunDirectory.open(out));
    }

    /**
     * Goes on with the training in {@code folder}.
     *
     * @throws IllegalArgumentException when there is none
     */
    public static TrainJob resume(Path folder) throws IOException {
        if (!Files.isRegularFile(folder.resolve("model.json"))) {
            throw new IllegalArgumentException(folder + " holds no run of heed train: model.json is missing");
        }
        Path config = folder.resolve("config.json");
        CompareSettings settings = CompareSettings.read(CompareSettings.keys(config), "configuration " + config);
        return new TrainJob(settings, Contests.open(settings), RunDirectory.open(folder));
    }

    /** Trains to the end, or until Ctrl-C. Returns the exit status. */
    public int run(PrintWriter out) throws IOException {
        directory.writeConfig(settings);
        return run(contest, out);
    }

    private <M extends Module> int run(Contest<M> contest, PrintWriter out) throws IOException {
        Contest.Contestant<M> contestant = contest.contestants().getFirst();
        contestant.describe(directory);
        long seed = settings.seeds().getFirst();
        torch.manual_seed(seed);
        M model = contestant.build();
        try (ProgressDisplay display = ProgressDisplay.of(settings.mixers().getFirst());
                Trainer<M> trainer = new Trainer<>(model, contest.task(), settings.training().withSeed(seed))) {
            directory.attach(trainer.stopOn(StopSignal.onInterrupt()).listen(display), System.err::println);
            TrainResult result = trainer.run();
            display.close();
            if (result.interrupted()) {
                out.println("stopped; go on with: heed train --resume " + directory.path());
                out.flush();
                return INTERRUPTED;
            }
        }
        double test = test(contest, model);
        if (!Double.isNaN(test)) {
            out.println("test " + contest.task().metric() + ": " + Figures.quality(test));
        }
        out.println("model: " + directory.path());
        String advice = contest.advice(directory.path());
        if (!advice.isEmpty()) {
            out.println(advice);
        }
        out.flush();
        return 0;
    }

    private static <M extends Module> double test(Contest<M> contest, M model) {
        model.eval();
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            return contest.test(model);
        }
    }

    @Override
    public void close() {
        directory.close();
    }
}
