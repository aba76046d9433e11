package io.heed.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import io.heed.catalog.Budget;
import io.heed.catalog.Catalog;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.StudyStore;
import io.heed.catalog.SystemEntry;
import io.heed.cli.output.Home;
import io.heed.cli.output.Terminal;
import io.heed.train.RunDirectory;

/** {@code heed study}: tests what a system's paper claims. */
@Command(name = "study", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = {"Tests the headline claim of a system's paper and computes a verdict from the numbers.",
            "Prints the report, and keeps it as JSON and HTML."})
final class StudyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "ID", description = "A system's id, as 'heed systems' lists it.")
    private String id;

    @Option(names = "--budget", paramLabel = "quick|full", defaultValue = "quick",
            description = "How long it may take: quick is about two minutes, full about twenty.")
    private String budget;

    @Option(names = "--out", paramLabel = "FOLDER", description = "Where to keep the report (default: runs/<time>-study-ID).")
    private Path out;

    @Override
    public Integer call() throws IOException {
        Budget time = Budget.named(budget);
        Catalog.Listing listing = Catalog.load().get(id);
        Study study = listing.entry().flatMap(SystemEntry::study).orElseThrow(() -> new IllegalArgumentException(
                listing.isBuilt() ? "'" + id + "' has no study" : "'" + id + "' is not built yet, so it cannot be studied"));
        VectorModule.load();
        StudyProgress progress = new StudyProgress(Terminal.current());
        Report report = study.run(time, progress);
        progress.finish();
        Path folder = save(listing, report);
        new StudyStore(Home.folder().resolve("studies")).save(report);
        PrintWriter text = spec.commandLine().getOut();
        text.print(report.text());
        text.println("report: " + folder.resolve("report.html"));
        text.flush();
        return 0;
    }

    private Path save(Catalog.Listing listing, Report report) throws IOException {
        if (out != null) {
            Files.createDirectories(out);
        }
        try (RunDirectory run = out == null ? RunDirectory.create(Path.of("runs"), "study-" + id) : RunDirectory.open(out)) {
            Files.writeString(run.path().resolve("report.json"), report.json() + "\n");
            Files.writeString(run.report(), StudyPage.html(listing.card(), report));
            return run.path();
        }
    }
}
