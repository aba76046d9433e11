package io.heed.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.heed.catalog.GoldenResult;
import io.heed.tensor.AtomicFile;

/** The last outcome of every golden case that {@code heed verify} ran, by {@code system/case}, in one JSON file. */
final class GoldenStatus {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Path file;
    private final Map<String, GoldenResult.Outcome> outcomes = new TreeMap<>();

    private GoldenStatus(Path file) {
        this.file = file;
    }

    /** The outcomes kept in {@code folder}; none when there is no file or it is damaged. */
    static GoldenStatus in(Path folder) {
        GoldenStatus status = new GoldenStatus(folder.resolve("golden.json"));
        try {
            if (Files.exists(status.file)) {
                status.outcomes.putAll(MAPPER.readValue(Files.readString(status.file),
                        new TypeReference<Map<String, GoldenResult.Outcome>>() { }));
            }
        } catch (JsonProcessingException e) {
            status.outcomes.clear();
        } catch (IOException e) {
            // An unreadable status is no status: the next verify writes it anew.
            return status;
        }
        return status;
    }

    /** Notes an outcome, in place of the case's last one. */
    void put(GoldenResult result) {
        outcomes.put(result.name(), result.outcome());
    }

    /** Writes the file. */
    void save() throws IOException {
        Files.createDirectories(file.getParent());
        AtomicFile.write(file, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(outcomes) + "\n");
    }

    /** {@code 12 pass}, {@code 3 of 12 fail}, or {@code -} when no case of the system was run. */
    String of(String system) {
        long pass = count(system, GoldenResult.Outcome.PASS);
        long fail = count(system, GoldenResult.Outcome.FAIL);
        if (pass + fail == 0) {
            return "-";
        }
        return fail == 0 ? pass + " pass" : fail + " of " + (pass + fail) + " fail";
    }

    private long count(String system, GoldenResult.Outcome outcome) {
        return outcomes.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(system + "/") && entry.getValue() == outcome).count();
    }
}
