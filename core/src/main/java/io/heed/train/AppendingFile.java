package io.heed.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/**
 * A log file that grows record by record. What cannot be written now (a full disk) is kept in memory, told once, and
 * written before the next record when there is room again: no holes, and training goes on.
 */
final class AppendingFile implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;
    private final Consumer<String> warnings;
    private ByteBuffer pending = ByteBuffer.allocate(0);
    private boolean warned;

    AppendingFile(Path path, Consumer<String> warnings) throws IOException {
        this.path = path;
        this.warnings = warnings;
        channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.APPEND);
    }

    /** Hands the record to the operating system at once, so that it survives a kill of this process. */
    void append(byte[] bytes) {
        ByteBuffer next = pending.hasRemaining()
                ? ByteBuffer.allocate(pending.remaining() + bytes.length).put(pending).put(bytes).flip()
                : ByteBuffer.wrap(bytes);
        pending = next;
        attempt(this::writePending);
    }

    /** Puts all records on the disk, so that they survive the machine's end too. */
    void sync() {
        attempt(() -> {
            writePending();
            channel.force(false);
        });
    }

    private void attempt(Writing writing) {
        try {
            writing.run();
            warned = false;
        } catch (IOException e) {
            if (!warned) {
                warned = true;
                warnings.accept(message(e) + "; what is missing is kept in memory and training goes on");
            }
        }
    }

    private interface Writing {
        void run() throws IOException;
    }

    private void writePending() throws IOException {
        while (pending.hasRemaining()) {
            channel.write(pending);
        }
    }

    private String message(IOException e) {
        return "cannot write " + path + ": " + e.getMessage();
    }

    /** @throws IOException in one line when something is still unwritten and cannot be written now */
    @Override
    public void close() throws IOException {
        try (channel) {
            writePending();
        } catch (IOException e) {
            throw new IOException(message(e) + "; its end is lost", e);
        }
    }
}
