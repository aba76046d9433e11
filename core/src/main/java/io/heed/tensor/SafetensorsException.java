package io.heed.tensor;

import java.io.IOException;
import java.nio.file.Path;

/** A safetensors file or index that cannot be used; the message is one line that names the file and what is wrong. */
public final class SafetensorsException extends IOException {
    public SafetensorsException(Path file, String problem) {
        super(file + ": " + problem);
    }

    public SafetensorsException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}
