package io.heed.inference.model;

import java.io.IOException;
import java.nio.file.Path;

/** A model folder that cannot be used; the message is one line that names the file and what is wrong. */
public final class ModelException extends IOException {
    public ModelException(Path file, String problem) {
        super(file + ": " + problem);
    }

    public ModelException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}
