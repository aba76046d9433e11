package io.heed.tensor;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Named tensors on disk, memory-mapped: one {@code .safetensors} file, or several behind a Hugging Face index. Opening
 * reads the headers and checks them in full; a tensor's bytes are read when it is asked for.
 *
 * <p>Files may come from anywhere: whatever they hold, opening them ends in this object or in a
 * {@link SafetensorsException} that says what is wrong in one line.
 */
public final class Safetensors {
    private final Path path;
    private final Map<String, String> metadata;
    private final Map<String, MappedShard> shards;

    Safetensors(Path path, Map<String, String> metadata, Map<String, MappedShard> shards) {
        this.path = path;
        this.metadata = metadata;
        this.shards = Collections.unmodifiableMap(shards);
    }

    /**
     * Opens a {@code .safetensors} file, a {@code .safetensors.index.json} index, or a folder with a
     * {@code model.safetensors} or {@code model.safetensors.index.json}.
     *
     * @throws SafetensorsException when it is missing, unreadable or malformed
     */
    public static Safetensors open(Path path) throws SafetensorsException {
        if (Files.isDirectory(path)) {
            Path single = path.resolve("model.safetensors");
            Path index = path.resolve("model.safetensors.index.json");
            if (Files.exists(single)) {
                return open(single);
            }
            if (Files.exists(index)) {
                return open(index);
            }
            throw new SafetensorsException(path, "the folder holds neither model.safetensors nor"
                    + " model.safetensors.index.json");
        }
        if (path.getFileName().toString().endsWith(".json")) {
            return SafetensorsIndex.open(path);
        }
        MappedShard shard = MappedShard.open(path);
        Map<String, MappedShard> shards = new LinkedHashMap<>();
        shard.header().entries().keySet().forEach(name -> shards.put(name, shard));
        return new Safetensors(path, shard.header().metadata(), shards);
    }

    /**
     * Writes tensors of any device to one file, which replaces an old one in a single step ({@link AtomicFile}).
     *
     * @param tensors  by name, in the order of the header
     * @param metadata for {@code __metadata__}
     * @throws IOException              when the file cannot be written; an old one is then unchanged
     * @throws IllegalArgumentException for an element type that the format does not know
     */
    public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter(tensors, metadata);
        AtomicFile.write(path, writer::writeTo);
    }

    /** What was opened. */
    public Path path() {
        return path;
    }

    /** The header's {@code __metadata__}, or the index's {@code metadata}. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** The tensors' names, in the order of the header or index. */
    public Set<String> names() {
        return shards.keySet();
    }

    /** Whether there is a tensor of this name. */
    public boolean contains(String name) {
        return shards.containsKey(name);
    }

    /** @throws IllegalArgumentException when there is no such tensor */
    public long[] shape(String name) {
        return entry(name).shape().clone();
    }

    /** @throws IllegalArgumentException when there is no such tensor */
    public SafetensorsType type(String name) {
        return entry(name).type();
    }

    /**
     * A tensor's bytes, little-endian, row by row: the mapped file itself, read-only. Valid as long as it is reachable.
     *
     * @throws IllegalArgumentException when there is no such tensor
     */
    public MemorySegment data(String name) {
        SafetensorsHeader.Entry entry = entry(name);
        return shards.get(name).data().asSlice(entry.begin(), entry.end() - entry.begin());
    }

    /**
     * A new CPU tensor with the file's type, shape and values.
     *
     * @throws IllegalArgumentException when there is no such tensor
     * @throws SafetensorsException     when its bytes cannot be read, or are no booleans though the type says so
     */
    public Tensor tensor(String name) throws SafetensorsException {
        SafetensorsHeader.Entry entry = entry(name);
        Path file = shards.get(name).file();
        MemorySegment source = data(name);
        Tensor tensor = allocate(file, entry);
        try {
            if (entry.type() == SafetensorsType.BOOL) {
                checkBooleans(file, name, source);
            }
            View.segment(tensor).copyFrom(source);
        } catch (InternalError e) {
            tensor.close();
            throw new SafetensorsException(file, "tensor '" + name
                    + "' cannot be read: the file changed or the disk failed",
                    e);
        }
        Reference.reachabilityFence(tensor);
        return tensor;
    }

    /** All tensors, in the order of {@link #names}. */
    public Map<String, Tensor> tensors() throws SafetensorsException {
        Map<String, Tensor> all = new LinkedHashMap<>();
        for (String name : names()) {
            all.put(name, tensor(name));
        }
        return all;
    }

    private static Tensor allocate(Path file, SafetensorsHeader.Entry entry) throws SafetensorsException {
        try {
            return torch.empty(entry.shape(), Ops.options(entry.type().torchType()), new MemoryFormatOptional());
        } catch (RuntimeException | OutOfMemoryError e) {
            throw new SafetensorsException(file, "tensor '" + entry.name() + "' of " + (entry.end() - entry.begin())
                    + " bytes does not fit in memory", e);
        }
    }

    private static void checkBooleans(Path file, String name, MemorySegment bytes) throws SafetensorsException {
        for (long i = 0; i < bytes.byteSize(); i++) {
            int value = bytes.get(ValueLayout.JAVA_BYTE, i);
            if ((value & ~1) != 0) {
                throw new SafetensorsException(file, "tensor '" + name + "' is BOOL but holds the byte "
                        + (value & 0xFF));
            }
        }
    }

    private SafetensorsHeader.Entry entry(String name) {
        MappedShard shard = shards.get(name);
        if (shard == null) {
            throw new IllegalArgumentException(path + ": no tensor '" + name + "'");
        }
        return shard.header().entries().get(name);
    }
}
