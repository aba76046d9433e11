package io.heed.tensor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Native memory stays flat while a model with fused attention trains: {@link TrainingMemory}, shortened. The optimising
 * compiler is off, since its own memory would be most of what grows in so few steps.
 */
class TrainingMemoryTest {
    @Test
    @EnabledOnOs(OS.LINUX)
    void residentMemoryIsFlat() throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        ProcessBuilder builder = new ProcessBuilder(java, "-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch",
                "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", "--add-modules",
                "jdk.incubator.vector", "-Dheed.threads=1", "-cp", System.getProperty("java.class.path"),
                TrainingMemory.class.getName(), "400", "400").redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("OMP_NUM_THREADS", "1");
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        JsonNode result = new ObjectMapper().readTree(output);
        assertThat(result.get("growth_mb").asDouble()).as(output).isLessThan(3);
        assertThat(result.get("live").asInt()).as("graph nodes never given back").isZero();
        assertThat(result.get("nodes").asInt()).as("graph nodes made").isLessThanOrEqualTo(4);
        double first = result.get("first_loss").asDouble();
        assertThat(result.get("last_loss").asDouble()).as("it trains").isLessThan(first / 2);
    }
}
