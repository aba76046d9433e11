package io.heed.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;
import io.heed.tensor.Safetensors;
import io.heed.tensor.SafetensorsException;

/**
 * All that a training needs to go on, in one safetensors file: {@code parameter.<name>}, {@code buffer.<name>}, AdamW's
 * {@code first.<name>} and {@code second.<name>}, {@code updates} (one count a trained parameter), and this record as
 * metadata.
 *
 * @param step        steps done
 * @param loss        training loss of the last one
 * @param evaluation  the last evaluation, null if none
 * @param evaluatedAt steps done at that evaluation, -1 if none
 * @param task        the task's id
 * @param config      the configuration
 * @param settings    all that the run was asked for, which holds more than its training; null where none were given
 */
record Checkpoint(long step, double loss, Evaluation evaluation, long evaluatedAt, String task, TrainConfig config,
                  JsonNode settings) {
    /** What may differ in a run that goes on: it changes no weight. */
    private static final Set<String> FREE = Set.of("device", "evaluateEvery", "checkpointEvery");
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String FORMAT = "heed checkpoint 1";

    /** Writes it beside {@code file}, syncs, and renames it into place, so that {@code file} is whole at any moment. */
    void save(Path file, List<NamedTensor> parameters, List<NamedTensor> buffers, AdamW optimizer) throws IOException {
        try (PointerScope scope = new PointerScope()) {
            Map<String, Tensor> tensors = tensors(parameters, buffers, optimizer);
            long[] updates = optimizer.steps();
            tensors.put("updates", AbstractTensor.create(updates, updates.length));
            Map<String, String> metadata = new LinkedHashMap<>();
            metadata.put("format", FORMAT);
            metadata.put("checkpoint", MAPPER.writeValueAsString(this));
            Safetensors.write(file, tensors, metadata);
        }
    }

    /**
     * Reads {@code file} into the tensors.
     *
     * @throws IllegalArgumentException in one line when it does not fit them or is no checkpoint; nothing is changed
     *         then
     */
    static Checkpoint load(Path file, List<NamedTensor> parameters, List<NamedTensor> buffers, AdamW optimizer) {
        try (PointerScope scope = new PointerScope(); NoGradGuard none = new NoGradGuard()) {
            Safetensors content = Safetensors.open(file);
            Checkpoint checkpoint = metadata(file, content.metadata());
            Map<String, Tensor> saved = content.tensors();
            Tensor updates = saved.remove("updates");
            if (updates == null) {
                throw new IllegalArgumentException(file + ": the checkpoint has no tensor updates; it is damaged");
            }
            Map<String, Tensor> wanted = tensors(parameters, buffers, optimizer);
            check(file, wanted, saved);
            long[] counts = new long[Math.toIntExact(updates.numel())];
            updates.data_ptr_long().get(counts);
            optimizer.steps(counts);
            wanted.forEach((name, tensor) -> tensor.detach().copy_(saved.get(name)));
            return checkpoint;
        } catch (SafetensorsException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** Only the metadata. */
    static Checkpoint describe(Path file) {
        try {
            return metadata(file, Safetensors.open(file).metadata());
        } catch (SafetensorsException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /**
     * Requires that a run which goes on from this is the run that saved it.
     *
     * @throws IllegalArgumentException in one line that names the first key that differs and both values
     */
    void requireSame(Path file, String otherTask, TrainConfig otherConfig, JsonNode otherSettings) {
        if (!task.equals(otherTask)) {
            throw different(file, "task", task, otherTask);
        }
        if (settings != null && otherSettings != null) {
            requireSame(file, settings, otherSettings);
        }
        requireSame(file, MAPPER.valueToTree(config), MAPPER.valueToTree(otherConfig));
    }

    private static void requireSame(Path file, JsonNode saved, JsonNode now) {
        Set<String> keys = new LinkedHashSet<>();
        saved.fieldNames().forEachRemaining(keys::add);
        now.fieldNames().forEachRemaining(keys::add);
        keys.removeAll(FREE);
        for (String key : keys) {
            JsonNode was = saved.path(key);
            JsonNode is = now.path(key);
            // As text, since a whole number is read back as another type than it was written from.
            if (!was.toString().equals(is.toString())) {
                throw different(file, key, text(was), text(is));
            }
        }
    }

    private static String text(JsonNode value) {
        return value.isMissingNode() ? "absent" : value.isTextual() ? value.textValue() : value.toString();
    }

    private static IllegalArgumentException different(Path file, String key, String was, String is) {
        return new IllegalArgumentException(file + " was saved with " + key + " " + was + ", the configuration has "
                + is + "; put " + was + " back, or start another run");
    }

    private static Map<String, Tensor> tensors(List<NamedTensor> parameters, List<NamedTensor> buffers,
            AdamW optimizer) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        parameters.forEach(parameter -> tensors.put("parameter." + parameter.name(), parameter.tensor()));
        buffers.forEach(buffer -> tensors.put("buffer." + buffer.name(), buffer.tensor()));
        tensors.putAll(optimizer.moments());
        return tensors;
    }

    private static void check(Path file, Map<String, Tensor> wanted, Map<String, Tensor> saved) {
        wanted.forEach((name, tensor) -> {
            Tensor found = saved.get(name);
            if (found == null) {
                throw new IllegalArgumentException(file + ": the checkpoint has no tensor " + name
                        + "; it belongs to another model");
            }
            if (!Arrays.equals(found.shape(), tensor.shape())) {
                throw new IllegalArgumentException(file + ": " + name + " has shape " + Ops.shape(found)
                        + " in the checkpoint, " + Ops.shape(tensor) + " in the model");
            }
            if (Ops.type(found) != Ops.type(tensor)) {
                throw new IllegalArgumentException(file + ": " + name + " is " + Ops.type(found)
                        + " in the checkpoint, " + Ops.type(tensor) + " in the model");
            }
        });
        List<String> unused = new ArrayList<>(saved.keySet());
        unused.removeAll(wanted.keySet());
        if (!unused.isEmpty()) {
            throw new IllegalArgumentException(file + ": the model has no tensor " + unused.getFirst()
                    + "; the checkpoint belongs to another model");
        }
    }

    private static Checkpoint metadata(Path file, Map<String, String> metadata) {
        if (!FORMAT.equals(metadata.get("format"))) {
            throw new IllegalArgumentException(file + ": not a checkpoint (format is " + metadata.get("format")
                    + ", must be " + FORMAT + ")");
        }
        try {
            return MAPPER.readValue(metadata.get("checkpoint"), Checkpoint.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(file + ": the checkpoint's metadata cannot be read: "
                    + e.getOriginalMessage(), e);
        }
    }
}
