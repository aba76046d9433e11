package io.heed.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** {@code heed compare} and {@code heed train} on a graph, as processes. */
@DisabledOnOs(OS.WINDOWS)
class GraphProcessTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int NODES = 120;

    @TempDir
    private static Path folder;

    /** Two communities; each node has a word of its own, and some a word of their community. */
    @BeforeAll
    static void writeGraph() throws IOException {
        Path set = Files.createDirectories(folder.resolve("sets/texas"));
        Random random = new Random(4);
        StringBuilder nodes = new StringBuilder("node\tlabel\tsplit\n");
        StringBuilder features = new StringBuilder("node\tindices\n");
        StringBuilder edges = new StringBuilder("u\tv\n");
        for (int i = 0; i < NODES; i++) {
            nodes.append(i).append('\t').append(i % 2).append('\t')
                    .append(i % 3 == 0 ? "train" : i % 3 == 1 ? "val" : "test").append('\n');
            features.append(i).append('\t').append(i % 4 < 2 ? i % 2 + " " : "").append(2 + i / 10).append('\n');
            for (int k = 0; k < 4; k++) {
                int other = random.nextInt(NODES / 2) * 2 + i % 2;
                if (other > i) {
                    edges.append(i).append('\t').append(other).append('\n');
                }
            }
        }
        Files.writeString(set.resolve("nodes.tsv"), nodes);
        Files.writeString(set.resolve("features.tsv"), features);
        Files.writeString(set.resolve("edges.tsv"), edges);
    }

    private static List<String> on(String command, int steps, String... further) {
        List<String> arguments = new ArrayList<>(List.of(command, "--task", "texas", "--data", "sets", "--width", "16",
                "--heads", "4", "--steps", String.valueOf(steps)));
        arguments.addAll(List.of(further));
        return arguments;
    }

    @Test
    void comparesGraphLayersOfOneSize() throws IOException, InterruptedException {
        HeedProcess run = HeedProcess.start(folder, on("compare", 40, "--mixers", "gcn,gat,gated-gcn,graph-transformer",
                "--json", "--out", "compared"));
        assertThat(run.status()).as(run.err()).isZero();
        List<String> lines = run.out().lines().toList();
        assertThat(lines).hasSize(4);
        double parameters = MAPPER.readTree(lines.getLast()).get("parameters").doubleValue();
        for (String line : lines) {
            JsonNode node = MAPPER.readTree(line);
            List<String> keys = new ArrayList<>();
            node.fieldNames().forEachRemaining(keys::add);
            assertThat(keys).containsExactly("mixer", "task", "steps", "parameters", "train_loss", "metric", "value",
                    "test_value", "nodes_per_s", "peak_bytes", "state_bytes");
            assertThat(node.get("metric").textValue()).isEqualTo("accuracy");
            assertThat(node.get("test_value").doubleValue()).isGreaterThan(0.6);
            assertThat(node.get("parameters").doubleValue()).isBetween(0.99 * parameters, 1.01 * parameters);
        }
        assertThat(Files.readString(folder.resolve("compared/report.html"))).contains("Validation accuracy")
                .contains("Test accuracy").contains("Laplacian").doesNotContain("Decoding state");
        HeedProcess writes = HeedProcess.start(folder, List.of("generate", "compared/1-gcn-seed-0", "--prompt", "a"));
        assertThat(writes.status()).isEqualTo(2);
        assertThat(writes.err().lines()).singleElement().asString()
                .contains("holds a graph network, and only language models write text");
    }

    @Test
    void anInterruptedTrainingEndsInTheSameBits() throws IOException, InterruptedException {
        HeedProcess whole = HeedProcess.start(folder, on("train", 150, "--mixer", "gat", "--batch", "20",
                "--out", "whole"));
        assertThat(whole.status()).as(whole.err()).isZero();
        assertThat(whole.out()).contains("test accuracy: ").contains("model: whole");
        HeedProcess cut = HeedProcess.start(folder, on("train", 150, "--mixer", "gat", "--batch", "20",
                "--out", "cut")).untilLines(folder.resolve("cut/metrics.jsonl"), 40).signal("KILL");
        assertThat(cut.status()).isNotZero();
        assertThat(folder.resolve("cut/model.safetensors")).doesNotExist();
        Path config = folder.resolve("cut/config.json");
        String settings = Files.readString(config);
        Files.writeString(config, settings.replaceFirst("\"rate\" : [^,\\s]+", "\"rate\" : 0.5"));
        HeedProcess changed = HeedProcess.start(folder, List.of("train", "--resume", "cut"));
        assertThat(changed.status()).isEqualTo(2);
        assertThat(changed.err().lines()).singleElement().asString().contains("was saved with rate ")
                .contains("the configuration has 0.5");
        Files.writeString(config, settings);
        HeedProcess resumed = HeedProcess.start(folder, List.of("train", "--resume", "cut"));
        assertThat(resumed.status()).as(resumed.err()).isZero();
        assertThat(Files.readAllBytes(folder.resolve("cut/model.safetensors")))
                .isEqualTo(Files.readAllBytes(folder.resolve("whole/model.safetensors")));
    }
}
