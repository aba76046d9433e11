package io.heed.cli.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** Reads a run's {@code metrics.jsonl} back as a history, so that a resumed run goes on with its curves. */
final class MetricsHistory {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private MetricsHistory() { }

    /**
     * @param file   as {@link io.heed.train.RunDirectory#metrics} writes it; an empty history if there is none
     * @param metric name of the task's metric
     * @param last   steps of the checkpoint: what comes after it is done again and does not count
     */
    static History read(Path file, String metric, long last) throws IOException {
        List<History.StepPoint> steps = new ArrayList<>();
        List<History.EvaluationPoint> evaluations = new ArrayList<>();
        double seconds = 0;
        for (String line : last > 0 && Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
            JsonNode node = MAPPER.readTree(line);
            long step = node.path("step").asLong();
            if (step > last) {
                break;
            }
            if (node.has("validation_loss")) {
                evaluations.add(new History.EvaluationPoint(step, seconds, node.get("validation_loss").asDouble(),
                        node.path(metric).asDouble()));
            } else {
                seconds += node.path("seconds").asDouble();
                steps.add(new History.StepPoint(step, seconds, node.path("loss").asDouble()));
            }
        }
        return new History(steps, evaluations);
    }
}
