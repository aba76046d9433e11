package io.heed.cli.compare;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/**
 * A model's history on disk, a JSON line a point, written as it happens: so that a run that was killed can go on with the
 * curves up to its checkpoint. Lines after the checkpoint belong to steps that are taken again, and are dropped.
 */
final class HistoryLog implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final BufferedWriter writer;

    private HistoryLog(BufferedWriter writer) {
        this.writer = writer;
    }

    /** Starts the log over with {@code kept}. */
    static HistoryLog start(Path file, History kept) {
        try {
            Path fresh = file.resolveSibling(file.getFileName() + ".new");
            try (HistoryLog log = new HistoryLog(Files.newBufferedWriter(fresh))) {
                kept.steps().forEach(log::add);
                kept.evaluations().forEach(log::add);
            }
            Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
            return new HistoryLog(Files.newBufferedWriter(file, StandardOpenOption.APPEND));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The points of {@code file} up to {@code step}; a last line that was cut off by a kill does not count. */
    static History read(Path file, long step) {
        List<History.StepPoint> steps = new ArrayList<>();
        List<History.EvaluationPoint> evaluations = new ArrayList<>();
        try {
            for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
                JsonNode node = MAPPER.readTree(line);
                if (node.path("step").asLong(Long.MAX_VALUE) <= step) {
                    if (node.has("value")) {
                        evaluations.add(MAPPER.treeToValue(node, History.EvaluationPoint.class));
                    } else {
                        steps.add(MAPPER.treeToValue(node, History.StepPoint.class));
                    }
                }
            }
        } catch (JsonProcessingException e) {
            return new History(steps, evaluations);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new History(steps, evaluations);
    }

    void add(History.StepPoint point) {
        write(point);
    }

    void add(History.EvaluationPoint point) {
        write(point);
    }

    private void write(Object point) {
        try {
            writer.write(MAPPER.writeValueAsString(point));
            writer.newLine();
            writer.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            writer.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
