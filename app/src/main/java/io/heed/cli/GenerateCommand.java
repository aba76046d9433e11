package io.heed.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import io.heed.cli.compare.ModelFile;
import io.heed.cli.train.TextStream;
import io.heed.data.Vocabulary;
import io.heed.inference.attention.AttentionOptions;
import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.text.TextModel;
import io.heed.sequence.Generator;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.Sampling;

/** {@code heed generate}: lets a trained model write. */
@Command(name = "generate", mixinStandardHelpOptions = true, versionProvider = Version.class, sortOptions = false,
        description =
        {"Lets a model write text, token by token: one that 'heed train' or 'heed compare' trained, or one of a"
            + " HuggingFace folder."},
        footer = {"", "Examples:", "  heed generate runs/20260101-120000-train --prompt 'a small ' --temperature 0.7",
            "  heed generate --model models/Qwen3-0.6B --prompt 'Once upon a time' --max-tokens 200 --seed 1"})
final class GenerateCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "RUN",
            description = "A folder of heed train, or one model's folder in a run of heed compare.")
    private Path run;

    @Option(names = "--model", paramLabel = "FOLDER",
            description = "A HuggingFace folder instead: config.json, model.safetensors, tokenizer.json.")
    private Path folder;

    @Option(names = "--prompt", paramLabel = "TEXT", defaultValue = "a ",
            description = "What to continue (default: 'a ').")
    private String prompt;

    @Option(names = "--max-tokens", paramLabel = "N", defaultValue = "300",
            description = "Tokens to write (default: 300).")
    private int count;

    @Option(names = "--temperature", paramLabel = "T",
            description = {"Below 1 more predictable, above 1 more varied, 0 always the likeliest token",
                "(default: 0.8, with --model what the folder says)."})
    private Double temperature;

    @Option(names = "--top-k", paramLabel = "K",
            description = "Draw from the K likeliest tokens only; 0 for all (default).")
    private Integer topK;

    @Option(names = "--top-p", paramLabel = "P",
            description = "Draw from the likeliest tokens that together reach probability P (default: 1).")
    private Double topP;

    @Option(names = "--min-p", paramLabel = "P",
            description = "With --model: only tokens at least P times as likely as the likeliest (default: 0).")
    private Double minP;

    @Option(names = "--repetition-penalty", paramLabel = "X",
            description = "With --model: above 1 makes tokens that occurred less likely (default: 1).")
    private Double repetitionPenalty;

    @Option(names = "--stop", paramLabel = "TEXT",
            description = "With --model: end where TEXT would come; may be repeated.")
    private List<String> stops = List.of();

    @Option(names = "--attention", paramLabel = "POLICY",
            description = {"With --model: what attention reads (default: attention_policy of generation_config.json,"
                + " or dense).", AttentionOptions.HELP})
    private List<String> attention = List.of();

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Seed of the draws (default: 0).")
    private long seed;

    @Override
    public Integer call() throws IOException {
        if (count < 1) {
            throw new IllegalArgumentException("--max-tokens is " + count + ", must be at least 1");
        }
        if ((run == null) == (folder == null)) {
            throw new IllegalArgumentException(
                    "give either RUN, a folder of heed train, or --model, a HuggingFace folder");
        }
        if (folder != null) {
            writeWithModel();
            return 0;
        }
        if (minP != null || repetitionPenalty != null || !stops.isEmpty() || !attention.isEmpty()) {
            throw new IllegalArgumentException("--min-p, --repetition-penalty, --stop and --attention need --model");
        }
        Sampling sampling = new Sampling(given(temperature, 0.8), given(topK, 0), given(topP, 1.0), seed);
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

    private void writeWithModel() throws IOException {
        VectorModule.load();
        TextModel model = TextModel.open(folder);
        io.heed.inference.engine.Sampling usual = model.defaults().sampling();
        io.heed.inference.engine.Sampling sampling = new io.heed.inference.engine.Sampling(
                given(temperature, usual.temperature()), given(topK, usual.topK()), given(topP, usual.topP()),
                given(minP, usual.minP()), given(repetitionPenalty, usual.repetitionPenalty()), 0, 0, seed);
        AttentionPlan plan = model.attention(attention);
        new ModelGeneration(model, spec.commandLine().getOut()).write(prompt, count, sampling, stops, plan);
    }

    private static <T> T given(T value, T otherwise) {
        return value == null ? otherwise : value;
    }
}
