package io.heed.cli.output;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Names the folders of runs. */
public final class RunFolder {
    private RunFolder() { }

    /** {@code runs/<time>-<name>} in the current folder; not made yet. */
    public static Path named(String name) {
        return Path.of("runs", LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT))
                + "-" + name);
    }
}
