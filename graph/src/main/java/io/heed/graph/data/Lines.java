package io.heed.graph.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** Lines of a text file, plain or gzipped, with messages that say where something is wrong. */
final class Lines implements AutoCloseable {
    private final Path file;
    private final BufferedReader reader;
    private int number;

    private Lines(Path file, BufferedReader reader) {
        this.file = file;
        this.reader = reader;
    }

    /**
     * Opens {@code folder/name} or {@code folder/name.gz}.
     *
     * @throws IllegalArgumentException when neither can be read
     */
    static Lines open(Path folder, String name) {
        Path plain = folder.resolve(name);
        return open(Files.exists(plain) ? plain : folder.resolve(name + ".gz"));
    }

    /**
     * Opens a file; one whose name ends in {@code .gz} is unpacked.
     *
     * @throws IllegalArgumentException when it cannot be read
     */
    static Lines open(Path file) {
        try {
            InputStream in = Files.newInputStream(file);
            InputStream text = file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in;
            return new Lines(file, new BufferedReader(new InputStreamReader(text, StandardCharsets.UTF_8)));
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException(file + " does not exist", e);
        } catch (IOException e) {
            throw new IllegalArgumentException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    static boolean exists(Path folder, String name) {
        return Files.exists(folder.resolve(name)) || Files.exists(folder.resolve(name + ".gz"));
    }

    /** The next line, or null at the end. */
    String next() {
        try {
            number++;
            return reader.readLine();
        } catch (IOException e) {
            throw problem("cannot be read: " + e.getMessage());
        }
    }

    /**
     * The first line.
     *
     * @throws IllegalArgumentException when there is none
     */
    String heading() {
        String line = next();
        if (line == null) {
            throw new IllegalArgumentException(file + " is empty");
        }
        return line;
    }

    /**
     * A whole number.
     *
     * @throws IllegalArgumentException when the text is none
     */
    int whole(String text) {
        try {
            return Integer.parseInt(text.strip());
        } catch (NumberFormatException e) {
            throw problem("'" + text + "' is not a whole number");
        }
    }

    /**
     * Cuts a line at tabs.
     *
     * @throws IllegalArgumentException when there are fewer than {@code least} fields
     */
    String[] fields(String line, int least) {
        String[] fields = line.split("\t", -1);
        if (fields.length < least) {
            throw problem("has " + fields.length + " fields, must have " + least);
        }
        return fields;
    }

    /** An exception that names file and line. */
    IllegalArgumentException problem(String what) {
        return new IllegalArgumentException(file + " line " + number + ": " + what);
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
