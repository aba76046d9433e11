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

/** {@code heed compare} as a process: what it prints, and what it survives. */
@DisabledOnOs(OS.WINDOWS)
class CompareProcessTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String FIRST = "1-softmax-seed-0/metrics.jsonl";
    private static final String SECOND = "2-aaren-seed-0/metrics.jsonl";

    @TempDir
    private static Path folder;

    private static List<String> lines;

    /** One whole run, which the tests look at and compare others with. */
    @BeforeAll
    static void runOnce() throws IOException, InterruptedException {
        StringBuilder text = new StringBuilder();
        Random random = new Random(1);
        String[] words = {"sea", "a", "of", "stone", "river", "green", "is", "the", "and", "bird"};
        while (text.length() < 20_000) {
            text.append(words[random.nextInt(words.length)]).append(random.nextInt(9) == 0 ? ".\n" : " ");
        }
        Files.writeString(folder.resolve("words.txt"), text);
        HeedProcess whole = HeedProcess.start(folder, compare("whole", 300, "--json"));
        assertThat(whole.status()).as(whole.err()).isZero();
        lines = whole.out().lines().toList();
    }

    private static List<String> compare(String out, int steps, String... further) {
        List<String> arguments = new ArrayList<>(List.of("compare", "--text", "words.txt", "--mixers", "softmax,aaren",
                "--width", "16", "--layers", "1", "--heads", "2", "--length", "16", "--batch", "2", "--out", out,
                "--steps", String.valueOf(steps)));
        arguments.addAll(List.of(further));
        return arguments;
    }

    @Test
    void printsOneJsonObjectAMixerAndNothingElse() throws IOException {
        assertThat(lines).hasSize(2);
        for (String line : lines) {
            JsonNode node = MAPPER.readTree(line);
            List<String> keys = new ArrayList<>();
            node.fieldNames().forEachRemaining(keys::add);
            assertThat(keys).containsExactly("mixer", "task", "steps", "parameters", "train_loss", "metric", "value",
                    "tokens_per_s", "peak_bytes", "state_bytes");
            assertThat(node.get("task").textValue()).isEqualTo("text");
            assertThat(node.get("steps").intValue()).isEqualTo(300);
            assertThat(node.get("metric").textValue()).isEqualTo("bits per character");
            assertThat(node.get("value").doubleValue()).isBetween(0.5, 4.5);
            assertThat(node.get("tokens_per_s").doubleValue()).isPositive();
            assertThat(node.get("state_bytes").longValue()).isPositive();
        }
        double softmax = MAPPER.readTree(lines.get(0)).get("parameters").doubleValue();
        assertThat(MAPPER.readTree(lines.get(1)).get("parameters").doubleValue())
                .isBetween(0.98 * softmax, 1.02 * softmax);
    }

    @Test
    void writesASelfContainedReport() throws IOException {
        assertThat(Files.readString(folder.resolve("whole/report.html"))).contains("After 300 steps on words.txt")
                .contains("What each model writes").doesNotContain("http://").doesNotContain("https://");
    }

    @Test
    void goesOnExactlyAfterKill() throws IOException, InterruptedException {
        HeedProcess cut = HeedProcess.start(folder, compare("cut", 300))
                .untilLines(folder.resolve("cut").resolve(SECOND), 90);
        cut.signal("KILL");
        assertThat(cut.status()).isNotZero();
        HeedProcess resumed = HeedProcess.start(folder, List.of("compare", "--resume", "cut", "--json"));
        assertThat(resumed.status()).as(resumed.err()).isZero();
        for (String metrics : List.of(FIRST, SECOND)) {
            assertThat(losses("cut", metrics)).isEqualTo(losses("whole", metrics));
        }
        List<String> again = resumed.out().lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            for (String key : List.of("train_loss", "value", "parameters", "state_bytes")) {
                assertThat(MAPPER.readTree(again.get(i)).get(key)).isEqualTo(MAPPER.readTree(lines.get(i)).get(key));
            }
        }
    }

    @Test
    void savesAndExitsWith130OnInterrupt() throws IOException, InterruptedException {
        HeedProcess stopped = HeedProcess.start(folder, compare("stopped", 100_000));
        stopped.untilLines(folder.resolve("stopped").resolve(SECOND), 10).signal("INT").signal("INT");
        assertThat(stopped.status()).isEqualTo(130);
        assertThat(stopped.err()).endsWith("stopped; go on with: heed compare --resume stopped\n");
        assertThat(folder.resolve("stopped/1-softmax-seed-0/checkpoint.safetensors")).exists();
        assertThat(folder.resolve("stopped/2-aaren-seed-0/checkpoint.safetensors")).exists();
    }

    @Test
    void trainedModelsWrite() throws IOException, InterruptedException {
        HeedProcess writes = HeedProcess.start(folder, List.of("generate", "whole/2-aaren-seed-0", "--prompt", "the ",
                "--max-tokens", "20"));
        assertThat(writes.status()).as(writes.err()).isZero();
        assertThat(writes.out()).startsWith("the ").hasSize(4 + 20 + 1);
    }

    /** Losses of steps and evaluations, bit for bit. */
    private static List<String> losses(String run, String metrics) throws IOException {
        List<String> losses = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve(run).resolve(metrics))) {
            JsonNode node = MAPPER.readTree(line);
            losses.add(node.get("step") + " " + node.get("loss") + " " + node.get("validation_loss"));
        }
        return losses;
    }
}
