package io.heed.vision.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** Reads a binary file whole, gzipped or not, whatever it is called. */
final class DataFile {
    private static final int GZIP = 0x8b1f;

    private DataFile() { }

    /** @throws IllegalArgumentException in one line when the file cannot be read or its gzip stream is broken off */
    static byte[] read(Path file) {
        try (InputStream in = open(file)) {
            return in.readAllBytes();
        } catch (EOFException e) {
            throw new IllegalArgumentException(file + " is truncated: its gzip stream breaks off; fetch it again", e);
        } catch (IOException e) {
            throw new IllegalArgumentException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static InputStream open(Path file) throws IOException {
        InputStream in = new BufferedInputStream(Files.newInputStream(file));
        try {
            in.mark(2);
            int magic = in.read() | in.read() << 8;
            in.reset();
            return magic == GZIP ? new GZIPInputStream(in) : in;
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }
}
