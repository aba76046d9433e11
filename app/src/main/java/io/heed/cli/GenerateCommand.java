package io.heed.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import io.heed.cli.compare.ModelFile;
import io.heed.cli.train.TextStream;
import io.heed.data.Vocabulary;
import io.heed.sequence.Generator;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.Sampling;

/** {@code heed generate}: lets a trained model write. */
@Command(name = "generate", mixinStandardHelpOptions = true, versionProvider = Version.class, sortOptions = false,
        description = "Lets a model that 'heed train' or 'heed compare' trained write text, token by token.",
        footer = {"", "Example:", "  heed generate runs/20260101-120000-train --prompt 'a small ' --temperature 0.7"})
final class GenerateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "RUN", description = "A folder of heed train, or one model's folder in a run of heed compare.")
    private Path run;

    @Option(names = "--prompt", paramLabel = "TEXT", defaultValue = "a ", description = "What to continue (default: 'a ').")
    private String prompt;

    @Option(names = "--max-tokens", paramLabel = "N", defaultValue = "300", description = "Tokens to write (default: 300).")
    private int count;

    @Option(names = "--temperature", paramLabel = "T", defaultValue = "0.8",
            description = "Below 1 more predictable, above 1 more varied, 0 always the likeliest token (default: 0.8).")
    private double temperature;

    @Option(names = "--top-k", paramLabel = "K", defaultValue = "0",
            description = "Draw from the K likeliest tokens only; 0 for all (default).")
    private int topK;

    @Option(names = "--top-p", paramLabel = "P", defaultValue = "1",
            description = "Draw from the likeliest tokens that together reach probability P (default: 1).")
    private double topP;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Seed of the draws (default: 0).")
    private long seed;

    @Override
    public Integer call() throws IOException {
        Sampling sampling = new Sampling(temperature, topK, topP, seed);
        if (count < 1) {
            throw new IllegalArgumentException("--max-tokens is " + count + ", must be at least 1");
        }
        ModelFile file = ModelFile.read(run);
        Vocabulary vocabulary = file.vocabulary();
        VectorModule.load();
        LanguageModel model = file.load(run);
        PrintWriter out = spec.commandLine().getOut();
        out.print(prompt);
        TextStream stream = new TextStream(vocabulary, out);
        new Generator(model, sampling).write(vocabulary.encode(prompt), count, stream);
        stream.finish();
        out.println();
        out.flush();
        return 0;
    }
}
