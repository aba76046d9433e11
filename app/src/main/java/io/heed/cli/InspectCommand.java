package io.heed.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import io.heed.cli.inspect.InspectSettings;
import io.heed.cli.inspect.Inspection;
import io.heed.cli.inspect.InspectionPage;
import io.heed.cli.inspect.InspectionText;
import io.heed.cli.inspect.Subject;
import io.heed.insight.HeadImportance;
import io.heed.tensor.AtomicFile;
import io.heed.train.RunDirectory;

/** {@code heed inspect}: what a trained model's attention does on a text. */
@Command(name = "inspect", mixinStandardHelpOptions = true, versionProvider = Version.class, sortOptions = false,
        description =
        {"Lets a trained model read a text and shows what its attention does, by layer and head: sinks, entropy,"
            + " distance, what each head is worth.", "Prints a table, and writes a page with the maps."},
        footer = {"", "Examples:",
        "  heed inspect runs/20260101-120000-train --text 'a small plant with yellow flowers'",
            "  heed inspect runs/20260101-120000-train --file notes.txt --layers 1,2 --out notes.html"})
final class InspectCommand implements Callable<Integer> {
    private enum Importance { MEAN, ZERO, NONE }

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL",
            description = "A folder of heed train, one model's folder in a run of heed compare,"
            + " or a HuggingFace model's folder.")
    private Path model;

    @Option(names = "--text", paramLabel = "TEXT", description = "What the model reads.")
    private String text;

    @Option(names = "--file", paramLabel = "FILE", description = "The same from a file, UTF-8.")
    private Path file;

    @Option(names = "--layers", paramLabel = "N", split = ",", description = "Show these layers only, numbered from 0.")
    private List<Integer> layers = List.of();

    @Option(names = "--heads", paramLabel = "N", split = ",", description = "Show these heads only, numbered from 0.")
    private List<Integer> heads = List.of();

    @Option(names = "--epsilon", paramLabel = "E", defaultValue = "0.3",
            description = "A token is a sink when it draws more than this share of attention (default: 0.3).")
    private double epsilon;

    @Option(names = "--importance", paramLabel = "mean|zero|none", defaultValue = "mean",
            description =
            "How to find what a head is worth: set its output to its mean (default) or to zero, one pass a head; or"
                    + " not at all.")
    private Importance importance;

    @Option(names = "--out", paramLabel = "FILE",
            description = "Where to write the page (default: runs/<time>-inspect/report.html).")
    private Path out;

    @Override
    public Integer call() throws IOException {
        String read = text();
        InspectSettings settings = new InspectSettings(epsilon, layers, heads, switch (importance) {
            case MEAN -> HeadImportance.Removal.MEAN;
            case ZERO -> HeadImportance.Removal.ZERO;
            case NONE -> null;
        });
        VectorModule.load();
        Inspection found = Inspection.of(Subject.open(model), read, settings);
        String when = DateTimeFormatter.ofPattern("d MMMM yyyy, HH:mm", Locale.ENGLISH).format(LocalDateTime.now());
        Path page = save(InspectionPage.html(found, when, command()));
        PrintWriter to = spec.commandLine().getOut();
        to.println(InspectionText.reading(found));
        to.print(InspectionText.table(found));
        to.println(InspectionText.headline(found));
        to.println("page: " + page);
        to.flush();
        return 0;
    }

    private String text() throws IOException {
        if ((text == null) == (file == null)) {
            throw new IllegalArgumentException(text == null ? "nothing to read: give --text or --file"
                    : "--text and --file are two texts: give one of them");
        }
        String read = text == null ? contents() : text;
        if (read.isBlank()) {
            throw new IllegalArgumentException(text == null ? file + " is empty" : "--text is empty");
        }
        return read;
    }

    private String contents() throws IOException {
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(file + " is a folder, not a text");
        }
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(file + " is not UTF-8 text", e);
        }
    }

    private Path save(String html) throws IOException {
        if (out != null) {
            if (Files.isDirectory(out)) {
                throw new IllegalArgumentException("--out " + out + " is a folder: name a file");
            }
            Path parent = out.toAbsolutePath().getParent();
            Files.createDirectories(parent);
            AtomicFile.write(out, html);
            return out;
        }
        try (RunDirectory run = RunDirectory.create(Path.of("runs"), "inspect")) {
            AtomicFile.write(run.report(), html);
            return run.report();
        }
    }

    private String command() {
        StringBuilder again = new StringBuilder("heed inspect ").append(model);
        again.append(file == null ? " --text '" + text.replace("'", "'\\''") + "'" : " --file " + file);
        if (!layers.isEmpty()) {
            again.append(" --layers ").append(join(layers));
        }
        if (!heads.isEmpty()) {
            again.append(" --heads ").append(join(heads));
        }
        if (epsilon != 0.3) {
            again.append(" --epsilon ").append(epsilon);
        }
        if (importance != Importance.MEAN) {
            again.append(" --importance ").append(importance.name().toLowerCase(Locale.ROOT));
        }
        return again.toString();
    }

    private static String join(List<Integer> numbers) {
        return String.join(",", numbers.stream().map(String::valueOf).toList());
    }
}
