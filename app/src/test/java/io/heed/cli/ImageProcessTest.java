package io.heed.cli;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** {@code heed compare} on a folder of images, as a process. */
@DisabledOnOs(OS.WINDOWS)
class ImageProcessTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Test
    void comparesGridMixersOnAFolderOfImages(@TempDir Path folder) throws IOException, InterruptedException {
        for (int i = 0; i < 40; i++) {
            boolean left = i % 2 == 0;
            BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
            Graphics2D graphics = image.createGraphics();
            graphics.setColor(new Color(120 + 3 * i, 200, 90));
            graphics.fillRect(left ? 1 : 9, i % 8, 6, 6);
            graphics.dispose();
            Path file = folder.resolve("mine").resolve(left ? "left" : "right").resolve(i + ".png");
            Files.createDirectories(file.getParent());
            ImageIO.write(image, "png", file.toFile());
        }
        HeedProcess run = HeedProcess.start(folder, List.of("compare", "--images", "mine", "--length", "16", "--width",
                "16", "--layers", "1", "--heads", "2", "--batch", "8", "--steps", "4", "--mixers",
                "softmax,sigmoid-attention", "--json", "--out", "run"));
        assertThat(run.status()).as(run.err()).isZero();
        List<String> lines = run.out().lines().toList();
        assertThat(lines).hasSize(2);
        for (String line : lines) {
            JsonNode node = MAPPER.readTree(line);
            List<String> keys = new ArrayList<>();
            node.fieldNames().forEachRemaining(keys::add);
            assertThat(keys).containsExactly("mixer", "task", "steps", "parameters", "train_loss", "metric", "value",
                    "test_value", "images_per_s", "peak_bytes", "state_bytes");
            assertThat(node.get("task").textValue()).isEqualTo("images");
            assertThat(node.get("value").doubleValue()).isBetween(0.0, 1.0);
        }
        assertThat(Files.readString(folder.resolve("run/report.html"))).contains("patches of 1x1 pixels");
        HeedProcess again = HeedProcess.start(folder, List.of("compare", "--resume", "run", "--json"));
        assertThat(again.status()).as(again.err()).isZero();
        assertThat(again.out().lines().map(line -> line.replaceAll(",\"images_per_s.*", "")).toList())
                .isEqualTo(lines.stream().map(line -> line.replaceAll(",\"images_per_s.*", "")).toList());
    }
}
