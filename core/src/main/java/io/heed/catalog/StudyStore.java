package io.heed.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

import io.heed.tensor.AtomicFile;

/** The last report of every system's study, one JSON file each. */
public final class StudyStore {
    private final Path folder;

    /** @param folder where the files are; need not exist yet */
    public StudyStore(Path folder) {
        this.folder = folder;
    }

    /** The store under a folder of runs: {@code <runs>/studies}. */
    public static StudyStore in(Path runs) {
        return new StudyStore(runs.resolve("studies"));
    }

    /** Keeps a report in place of the system's last one, which survives if this fails. */
    public void save(Report report) throws IOException {
        AtomicFile.write(file(report.system()), report.json() + "\n");
    }

    /** The verdict of a system's last study; nothing when there is none or its file is damaged. */
    public Optional<LastVerdict> last(String system) {
        Path file = file(system);
        try {
            return Files.exists(file) ? ReportJson.lastVerdict(Files.readString(file)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** A system's last report; nothing when there is none or its file is damaged. */
    public Optional<Report> report(String system) {
        Path file = file(system);
        try {
            return Files.exists(file) ? ReportJson.read(Files.readString(file)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private Path file(String system) {
        if (!system.matches("[a-z0-9-]+")) {
            throw new IllegalArgumentException("'" + system + "' is no system's id");
        }
        return folder.resolve(system + ".json");
    }
}
