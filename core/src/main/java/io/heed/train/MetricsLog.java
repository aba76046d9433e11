package io.heed.train;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The lines of {@code metrics.jsonl}: one object a step
 * ({@code step, loss, rate, gradient_norm, seconds, tokens_per_s}) and one an evaluation
 * ({@code step, validation_loss}, the metric and further values under their names, {@code seconds}). All but
 * {@code seconds} and {@code tokens_per_s} are the same bits in every run of the same configuration.
 */
final class MetricsLog {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private MetricsLog() { }

    static byte[] line(TrainEvent.Stepped event) {
        ObjectNode node = MAPPER.createObjectNode();
        node.put("step", event.step());
        node.put("loss", event.loss());
        node.put("rate", event.rate());
        node.put("gradient_norm", event.gradientNorm());
        node.put("seconds", event.seconds());
        node.put("tokens_per_s", event.tokensPerSecond());
        return bytes(node);
    }

    static byte[] line(TrainEvent.Evaluated event) {
        ObjectNode node = MAPPER.createObjectNode();
        node.put("step", event.step());
        node.put("validation_loss", event.evaluation().loss());
        node.put(event.evaluation().metric(), event.evaluation().value());
        event.evaluation().further().forEach(node::put);
        node.put("seconds", event.seconds());
        return bytes(node);
    }

    private static byte[] bytes(ObjectNode node) {
        return (node + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Cuts the file after the last whole line of step {@code step} or earlier, since a resumed run writes what follows
     * again. Does nothing if there is no file.
     */
    static void truncate(Path file, long step) throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        byte[] bytes = Files.readAllBytes(file);
        int keep = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                if (stepOf(bytes, keep, i) > step) {
                    break;
                }
                keep = i + 1;
            }
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(keep);
        }
    }

    /** The line's step; the largest number for a line that cannot be read, which ends what is kept. */
    private static long stepOf(byte[] bytes, int from, int to) {
        try {
            JsonNode node = MAPPER.readTree(new String(bytes, from, to - from, StandardCharsets.UTF_8));
            return node.path("step").asLong(Long.MAX_VALUE);
        } catch (JsonProcessingException e) {
            return Long.MAX_VALUE;
        }
    }
}
