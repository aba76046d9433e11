package io.heed.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import io.heed.cli.compare.CompareJob;
import io.heed.cli.output.Terminal;

/** {@code heed compare}: the main job. */
@Command(name = "compare", mixinStandardHelpOptions = true, versionProvider = Version.class, sortOptions = false,
        description = {"Trains mixers side by side: the same backbone with equally many parameters, the same batches,",
            "the same number of steps. Prints a table and writes an HTML report with curves.",
            "Without options: softmax, sigmoid, lightning attention and Aaren on the glosses of WordNet, in a few"
                    + " minutes.",
            "The task says what is compared: sequence mixers on text, graph layers on graphs, grid mixers on images."},
        footer = {"", "Examples:", "  heed compare --text notes.txt --steps 500",
            "  heed compare --mixers softmax,softmax:positions=none --length 512",
            "  heed compare --task mqar --seeds 3", "  heed compare --task cora --mixers gcn,gat,graph-transformer",
            "  heed compare --task fashion-mnist --mixers neighborhood,softmax",
            "  heed compare --resume runs/20260101-120000-compare"})
final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--mixers", paramLabel = "A,B,..",
            description = {"Mixers to compare, with options as in softmax:positions=none; or all.",
                "base-conv:kernel=3+softmax gives the layers the mixers in turn."})
    private String mixers;

    @Option(names = "--seeds", paramLabel = "N|A,B,..",
            description = "How many seeds, or which; with more than one the table shows mean and spread.")
    private String seeds;

    @Mixin
    private ModelOptions model;

    @Option(names = "--out", paramLabel = "FOLDER",
            description = "Where to keep the run (default: runs/<time>-compare).")
    private Path out;

    @Option(names = "--resume", paramLabel = "RUN", description = "Go on with an interrupted run; its settings hold.")
    private Path resume;

    @Option(names = "--json", description = "Print one JSON object a mixer on standard output, nothing else.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        try (CompareJob job = job()) {
            VectorModule.load();
            return job.run(spec.commandLine().getOut(), Terminal.current(), json);
        }
    }

    private CompareJob job() throws IOException {
        if (resume != null) {
            if (model.isGiven() || mixers != null || seeds != null || out != null) {
                throw new IllegalArgumentException(
                        "--resume goes on with the run's own settings: leave out the others");
            }
            return CompareJob.resume(resume);
        }
        ObjectNode further = JsonNodeFactory.instance.objectNode();
        ModelOptions.put(further, "mixers", mixers);
        if (seeds != null) {
            further.set("seeds", SeedList.parse(seeds));
        }
        return CompareJob.create(model.settings(further), out, System.err::println);
    }
}
