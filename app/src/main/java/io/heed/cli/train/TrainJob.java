package io.heed.cli.train;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;

import org.bytedeco.pytorch.global.torch;

import io.heed.cli.compare.CompareSettings;
import io.heed.cli.compare.ModelFile;
import io.heed.cli.compare.Workload;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.train.ProgressDisplay;
import io.heed.train.RunDirectory;
import io.heed.train.StopSignal;
import io.heed.train.TrainResult;
import io.heed.train.Trainer;

/** Trains one language model in a run directory. */
public final class TrainJob implements AutoCloseable {
    private static final int INTERRUPTED = 130;

    private final CompareSettings settings;
    private final Workload workload;
    private final RunDirectory directory;

    private TrainJob(CompareSettings settings, Workload workload, RunDirectory directory) {
        this.settings = settings;
        this.workload = workload;
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
            throw new IllegalArgumentException("train takes one mixer and one seed, got " + settings.mixers().size() + " and "
                    + settings.seeds().size() + "; 'heed compare' takes several");
        }
        Workload workload = Workload.of(settings);
        if (out == null) {
            return new TrainJob(settings, workload, RunDirectory.create(Path.of("runs"), "train"));
        }
        if (Files.exists(out.resolve("config.json"))) {
            throw new IllegalArgumentException(out + " holds a run already: go on with --resume " + out
                    + ", or choose another --out");
        }
        Files.createDirectories(out);
        return new TrainJob(settings, workload, RunDirectory.open(out));
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
        return new TrainJob(settings, Workload.of(settings), RunDirectory.open(folder));
    }

    /** Trains to the end, or until Ctrl-C. Returns the exit status. */
    public int run(PrintWriter out) throws IOException {
        LanguageModelConfig shape = workload.models(settings).getFirst();
        directory.writeConfig(settings);
        ModelFile.of(shape, workload.vocabulary()).write(directory);
        long seed = settings.seeds().getFirst();
        torch.manual_seed(seed);
        try (ProgressDisplay display = ProgressDisplay.of(settings.mixers().getFirst());
                Trainer<LanguageModel> trainer = new Trainer<>(new LanguageModel(shape), workload.task(),
                        settings.training().withSeed(seed))) {
            directory.attach(trainer.stopOn(StopSignal.onInterrupt()).listen(display), System.err::println);
            TrainResult result = trainer.run();
            display.close();
            if (result.interrupted()) {
                out.println("stopped; go on with: heed train --resume " + directory.path());
                out.flush();
                return INTERRUPTED;
            }
        }
        out.println("model: " + directory.path());
        if (workload.vocabulary().isPresent()) {
            out.println("let it write: heed generate " + directory.path() + " --prompt 'a small '");
        }
        out.flush();
        return 0;
    }

    @Override
    public void close() {
        directory.close();
    }
}
