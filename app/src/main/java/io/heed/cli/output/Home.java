package io.heed.cli.output;

import java.nio.file.Path;

/** Where Heed keeps what outlives a run: the last verdicts and golden results, beside the launcher. */
public final class Home {
    private Home() { }

    /** {@code .heed} in the launcher's folder; in the current folder when the JVM was started without the launcher. */
    public static Path folder() {
        return Path.of(System.getProperty("heed.home", "")).resolve(".heed");
    }
}
