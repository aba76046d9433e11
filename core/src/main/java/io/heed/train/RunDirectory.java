package io.heed.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;

import io.heed.tensor.AtomicFile;
import io.heed.tensor.Safetensors;
import io.heed.tensor.Weights;

/**
 * Where one training keeps its files: {@code config.json}, {@code metrics.jsonl}, TensorBoard's event file,
 * {@code checkpoint.safetensors}, at the end {@code model.safetensors}, and {@code report.html}, which the command
 * writes. While it is open, no other process can open it.
 */
public final class RunDirectory implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    private final Path folder;
    private final FileChannel lock;
    private RunRecorder recorder;
    private RunDirectory parent;

    private RunDirectory(Path folder) {
        this.folder = folder;
        this.lock = lock(folder);
    }

    /**
     * A new folder {@code <root>/<yyyyMMdd-HHmmss>-<name>}, with a number behind it if that exists.
     *
     * @throws IllegalArgumentException in one line when it cannot be made
     */
    public static RunDirectory create(Path root, String name) {
        String base = LocalDateTime.now().format(TIME) + "-" + plain(name);
        try {
            Files.createDirectories(root);
            for (int number = 1; ; number++) {
                Path folder = root.resolve(number == 1 ? base : base + "-" + number);
                try {
                    return new RunDirectory(Files.createDirectory(folder));
                } catch (FileAlreadyExistsException e) {
                    // taken in the same second: try the next number
                }
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot make a run folder in " + root + ": " + reason(e), e);
        }
    }

    /**
     * An existing run, to go on with or to read. Removes what a killed save left behind.
     *
     * @throws IllegalArgumentException in one line when it is no folder or in use
     */
    public static RunDirectory open(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(folder + " is not a run folder; give one, e.g. runs/<time>-<name>");
        }
        RunDirectory run = new RunDirectory(folder);
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(folder, ".*.tmp")) {
            for (Path leftover : leftovers) {
                Files.delete(leftover);
            }
        } catch (IOException e) {
            run.close();
            throw new IllegalArgumentException("cannot use " + folder + ": " + reason(e), e);
        }
        return run;
    }

    /** A run of its own in a folder of this one, for one of several models; made if it does not exist. */
    public RunDirectory child(String name) {
        Path child = folder.resolve(plain(name));
        try {
            Files.createDirectories(child);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot make the run folder " + child + ": " + reason(e), e);
        }
        RunDirectory run = open(child);
        run.parent = this;
        return run;
    }

    private static String plain(String name) {
        String plain = name.replaceAll("[^A-Za-z0-9._-]+", "-");
        return plain.isBlank() || plain.startsWith(".") ? "run" + plain : plain;
    }

    private static FileChannel lock(Path folder) {
        Path file = folder.resolve(".lock");
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (channel.tryLock() != null) {
                channel.truncate(0);
                channel.write(ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid())
                        .getBytes(StandardCharsets.UTF_8)));
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // held by this process: the same answer as for another one
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot write to " + folder + ": " + reason(e), e);
        }
        String owner;
        try (FileChannel unused = channel) {
            owner = " (" + Files.readString(file) + ")";
        } catch (IOException e) {
            owner = "";
        }
        throw new IllegalArgumentException(folder + " is in use by process" + owner
                + "; wait for it to end, or start another run");
    }

    /** The folder. */
    public Path path() {
        return folder;
    }

    /** {@code config.json}. */
    public Path config() {
        return folder.resolve("config.json");
    }

    /** {@code metrics.jsonl}: a line a step and a line an evaluation, in order, each once. */
    public Path metrics() {
        return folder.resolve("metrics.jsonl");
    }

    /** {@code checkpoint.safetensors}: all that it takes to go on. */
    public Path checkpoint() {
        return folder.resolve("checkpoint.safetensors");
    }

    /** {@code model.safetensors}: the trained weights under the model's own names. */
    public Path model() {
        return folder.resolve("model.safetensors");
    }

    /** {@code report.html}. */
    public Path report() {
        return folder.resolve("report.html");
    }

    /** Whether there is something to go on from. */
    public boolean hasCheckpoint() {
        return Files.exists(checkpoint());
    }

    /** Writes {@code config.json}: any object that Jackson can write. */
    public void writeConfig(Object config) {
        try {
            AtomicFile.write(config(), MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /**
     * Reads {@code config.json}.
     *
     * @throws IllegalArgumentException in one line when it is missing or not JSON
     */
    public JsonNode readConfig() {
        try {
            return MAPPER.readTree(Files.readString(config()));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(config() + " is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new IllegalArgumentException(folder + " has no readable config.json, so it is not a run folder", e);
        }
    }

    /**
     * Makes {@code trainer} keep its files here: checkpoints, metrics, TensorBoard events, and the model when it
     * completes. If there is a checkpoint, the trainer goes on from it, and lines of later steps are cut from
     * {@code metrics.jsonl}.
     *
     * @param warnings gets one line for each file that cannot be written for now; training goes on
     * @return the trainer
     * @throws IllegalArgumentException when the checkpoint does not fit the model, or was saved under another
     *                                  {@code config.json}
     */
    public <M extends Module> Trainer<M> attach(Trainer<M> trainer, Consumer<String> warnings) {
        settings().ifPresent(trainer::under);
        if (hasCheckpoint()) {
            trainer.resume(checkpoint());
        }
        recorder = new RunRecorder(folder, metrics(), warnings);
        return trainer.checkpointTo(checkpoint()).listen(recorder).listen(event -> {
            if (event instanceof TrainEvent.Ended ended && !ended.result().interrupted()) {
                saveModel(trainer.model(), ended.step());
            }
        });
    }

    /** This run's {@code config.json}, or that of the run in whose folder it is. */
    private Optional<JsonNode> settings() {
        if (Files.exists(config())) {
            return Optional.of(readConfig());
        }
        return Optional.ofNullable(parent).flatMap(RunDirectory::settings);
    }

    private void saveModel(Module model, long step) {
        // in a fixed order, so that equal models are equal files
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", "pt");
        metadata.put("step", Long.toString(step));
        try (PointerScope scope = new PointerScope()) {
            Safetensors.write(model(), Weights.of(model), metadata);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    private static String reason(IOException e) {
        return e.getClass().getSimpleName().replace("Exception", "") + ": " + e.getMessage();
    }

    /** Closes the files and lets others in. */
    @Override
    public void close() {
        if (recorder != null) {
            recorder.close();
        }
        try {
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot release " + folder + ": " + e.getMessage(), e);
        }
    }
}
