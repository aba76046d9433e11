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
import io.heed.tensor.AtomicFile;
import io.heed.train.RunDirectory;

/** {@code heed study}: tests what a system's paper claims. */
@Command(name = "study", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = {"Tests the headline claim of a system's paper and computes a verdict from the numbers.",
            "Prints the report, and keeps it as JSON and HTML."},
        footer = {"", "Examples:", "  heed study aaren --budget full", "  heed study --page docs/studies.md"})
final class StudyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "ID", arity = "0..1", description = "A system's id, as 'heed systems' lists it.")
    private String id;

    @Option(names = "--budget", paramLabel = "quick|full", defaultValue = "quick",
            description = "How long it may take: quick is about two minutes, full about twenty.")
    private String budget;

    @Option(names = "--out", paramLabel = "FOLDER",
            description = "Where to keep the report (default: runs/<time>-study-ID).")
    private Path out;

    @Option(names = "--page", paramLabel = "FILE",
            description = "Write the last results of all studies as one Markdown page; with an ID, after that study.")
    private Path page;

    @Override
    public Integer call() throws IOException {
        StudyStore store = new StudyStore(Home.folder().resolve("studies"));
        if (id == null && page == null) {
            throw new IllegalArgumentException("name a system ('heed systems' lists them), or a file with --page");
        }
        if (id != null) {
            study(store);
        }
        if (page != null) {
            String text = StudiesPage.markdown(Catalog.load(), store);
            Path folder = page.toAbsolutePath().getParent();
            Files.createDirectories(folder);
            AtomicFile.write(page.toAbsolutePath(), text);
            spec.commandLine().getOut().println("studies: " + page);
            spec.commandLine().getOut().flush();
        }
        return 0;
    }

    private void study(StudyStore store) throws IOException {
        Budget time = Budget.named(budget);
        Catalog.Listing listing = Catalog.load().get(id);
        Study study = listing.entry().flatMap(SystemEntry::study).orElseThrow(() -> new IllegalArgumentException(
                listing.isBuilt() ? "'" + id + "' has no study" : "'" + id
                + "' is not built yet, so it cannot be studied"));
        VectorModule.load();
        StudyProgress progress = new StudyProgress(Terminal.current());
        Report report = study.run(time, progress);
        progress.finish();
        Path folder = save(listing, report);
        store.save(report);
        PrintWriter text = spec.commandLine().getOut();
        text.print(report.text());
        text.println("report: " + folder.resolve("report.html"));
        text.flush();
    }

    private Path save(Catalog.Listing listing, Report report) throws IOException {
        if (out != null) {
            Files.createDirectories(out);
        }
        try (RunDirectory run = out == null ? RunDirectory.create(Path.of("runs"), "study-" + id) : RunDirectory.open(
                out)) {
            Files.writeString(run.path().resolve("report.json"), report.json() + "\n");
            Files.writeString(run.report(), StudyPage.html(listing.card(), report));
            return run.path();
        }
    }
}
