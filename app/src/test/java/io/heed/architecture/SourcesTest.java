package io.heed.architecture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What Spotless does not check of the sources. */
class SourcesTest {
    private static final int COLUMNS = 120;

    @Test
    void noLineIsLongerThan120Columns() throws IOException {
        Path root = Path.of(System.getProperty("heed.root", ".."));
        List<String> longer = new ArrayList<>();
        int files = 0;
        try (Stream<Path> modules = Files.list(root)) {
            for (Path module : modules.filter(module -> Files.isDirectory(module.resolve("src"))).toList()) {
                try (Stream<Path> sources = Files.walk(module.resolve("src"))) {
                    for (Path source : sources.filter(path -> path.toString().endsWith(".java")).toList()) {
                        files++;
                        List<String> lines = Files.readAllLines(source);
                        for (int i = 0; i < lines.size(); i++) {
                            if (lines.get(i).length() > COLUMNS) {
                                longer.add(root.relativize(source) + ":" + (i + 1));
                            }
                        }
                    }
                }
            }
        }
        assertThat(files).as("sources below %s", root.toAbsolutePath()).isGreaterThan(100);
        assertThat(longer).as("lines over %d columns", COLUMNS).isEmpty();
    }
}
