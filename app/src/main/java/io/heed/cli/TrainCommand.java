package io.heed.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import io.heed.cli.compare.CompareSettings;
import io.heed.cli.train.TrainJob;

/** {@code heed train}: one model. */
@Command(name = "train", mixinStandardHelpOptions = true, versionProvider = Version.class, sortOptions = false,
        description = {"Trains one model on any task of heed compare.",
            "Keeps checkpoints, metrics and weights in a run directory. Ctrl-C saves and stops; --resume goes on."},
        footer = {"", "Examples:", "  heed train --text notes.txt --mixer lightning-attention --steps 2000",
            "  heed train --task cora --mixer gat", "  heed train --resume runs/20260101-120000-train"})
final class TrainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--mixer", paramLabel = "NAME",
            description = "The mixer; without one the configuration's, else the first that heed compare takes.")
    private String mixer;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of weights and batches.")
    private Long seed;

    @Mixin
    private ModelOptions model;

    @Option(names = "--out", paramLabel = "FOLDER", description = "Where to keep the run (default: runs/<time>-train).")
    private Path out;

    @Option(names = "--resume", paramLabel = "RUN",
            description = "Go on with an interrupted training; its settings hold.")
    private Path resume;

    @Override
    public Integer call() throws IOException {
        try (TrainJob job = job()) {
            VectorModule.load();
            return job.run(spec.commandLine().getOut());
        }
    }

    private TrainJob job() throws IOException {
        if (resume != null) {
            if (model.isGiven() || mixer != null || seed != null || out != null) {
                throw new IllegalArgumentException(
                        "--resume goes on with the run's own settings: leave out the others");
            }
            return TrainJob.resume(resume);
        }
        ObjectNode further = JsonNodeFactory.instance.objectNode();
        if (mixer != null) {
            ModelOptions.put(further, "mixers", List.of(mixer));
        }
        if (seed != null) {
            ModelOptions.put(further, "seeds", List.of(seed));
        }
        CompareSettings settings = model.settings(further);
        boolean named = mixer != null || model.names("mixers");
        return TrainJob.create(named ? settings : settings.withMixers(List.of(settings.mixers().getFirst())), out);
    }
}
