package io.heed.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Files that are either whole or as they were: the new content goes to a temporary file in the same folder, is forced
 * to disk, and takes the name in one step. A crash, a kill or a full disk at any moment leaves the old file.
 */
public final class AtomicFile {
    private static final String SUFFIX = ".tmp";
    private static final Duration ABANDONED = Duration.ofMinutes(10);
    private static final AtomicLong COUNTER = new AtomicLong();

    /** Writes the content. */
    @FunctionalInterface
    public interface Content {
        void writeTo(WritableByteChannel channel) throws IOException;
    }

    private AtomicFile() { }

    /**
     * Replaces {@code target}, or creates it and its folder.
     *
     * @throws IOException when the content cannot be written in full; the old file, if any, is unchanged and no
     *                     temporary file stays behind
     */
    public static void write(Path target, Content content) throws IOException {
        Path folder = target.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        String prefix = "." + target.getFileName() + ".";
        removeAbandoned(folder, prefix);
        Path temporary = folder.resolve(prefix + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet()
                + SUFFIX);
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE)) {
                content.writeTo(channel);
                channel.force(true);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException | RuntimeException | Error e) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException second) {
                e.addSuppressed(second);
            }
            if (e instanceof IOException cause) {
                throw new IOException("cannot save " + target + ": " + reason(cause)
                        + (Files.exists(target) ? "; the previous file is unchanged" : ""), cause);
            }
            throw e;
        }
        forceFolder(folder);
    }

    /** Replaces {@code target} with UTF-8 text. */
    public static void write(Path target, String text) throws IOException {
        write(target, channel -> writeFully(channel, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
    }

    /** Writes all that is left in the buffer. */
    static void writeFully(WritableByteChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** Removes temporary files of the same target whose writer was killed some time ago. */
    private static void removeAbandoned(Path folder, String prefix) throws IOException {
        Instant limit = Instant.now().minus(ABANDONED);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, file -> {
            String name = file.getFileName().toString();
            return name.startsWith(prefix) && name.endsWith(SUFFIX);
        })) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                String writer = name.substring(prefix.length(), name.length() - SUFFIX.length());
                if (writer.matches("\\d{1,18}-\\d+") && isGone(writer)
                        && Files.getLastModifiedTime(file).toInstant().isBefore(limit)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private static boolean isGone(String writer) {
        return ProcessHandle.of(Long.parseLong(writer.substring(0, writer.indexOf('-')))).isEmpty();
    }

    private static String reason(IOException e) {
        if (e instanceof FileSystemException named && named.getReason() != null) {
            return named.getReason();
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    /**
     * Makes the new name itself survive a crash of the machine; Windows cannot open a folder and needs no such step.
     */
    private static void forceFolder(Path folder) throws IOException {
        if (System.getProperty("os.name").startsWith("Windows")) {
            return;
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
