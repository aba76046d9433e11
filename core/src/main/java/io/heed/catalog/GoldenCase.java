package io.heed.catalog;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Safetensors;
import io.heed.tensor.SafetensorsException;

/**
 * One golden file: a module of an official implementation with its weights, inputs, outputs and gradients. Opening it
 * reads the header only; tensors are read when asked for.
 */
public final class GoldenCase {
    /** Tensors of one kind, named {@code <prefix><name>}. */
    enum Part {
        WEIGHT("weight."), INPUT("input."), OUTPUT("output."), PROBE("probe."), INPUT_GRADIENT("grad.input."),
        WEIGHT_GRADIENT("grad.weight.");

        private final String prefix;

        Part(String prefix) {
            this.prefix = prefix;
        }

        String prefix() {
            return prefix;
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Safetensors file;
    private final JsonNode config;
    private final double tolerance;

    private GoldenCase(Safetensors file, JsonNode config, double tolerance) {
        this.file = file;
        this.config = config;
        this.tolerance = tolerance;
    }

    /** @throws SafetensorsException when the file is malformed or is no golden case; one line that names the file */
    public static GoldenCase open(Path path) throws SafetensorsException {
        Safetensors file = Safetensors.open(path);
        for (String key : List.of("system", "module", "source", "config", "tolerance")) {
            if (!file.metadata().containsKey(key)) {
                throw new SafetensorsException(path, "is no golden case: its __metadata__ has no '" + key + "'");
            }
        }
        for (String name : file.names()) {
            boolean known = false;
            for (Part part : Part.values()) {
                known |= name.startsWith(part.prefix());
            }
            if (!known) {
                throw new SafetensorsException(path, "is no golden case: tensor '" + name
                        + "' is neither weight, input,"
                        + " output, probe nor gradient");
            }
        }
        try {
            JsonNode config = JSON.readTree(file.metadata().get("config"));
            double tolerance = Double.parseDouble(file.metadata().get("tolerance"));
            if (!config.isObject() || !(tolerance >= 0)) {
                throw new SafetensorsException(path,
                        "is no golden case: 'config' must be a JSON object and 'tolerance' a"
                        + " number of at least 0");
            }
            return new GoldenCase(file, config, tolerance);
        } catch (JsonProcessingException e) {
            throw new SafetensorsException(path, "is no golden case: its 'config' is not valid JSON", e);
        } catch (NumberFormatException e) {
            throw new SafetensorsException(path, "is no golden case: 'tolerance' is "
                    + file.metadata().get("tolerance"), e);
        }
    }

    /** The file. */
    public Path path() {
        return file.path();
    }

    /** The system's id. */
    public String system() {
        return file.metadata().get("system");
    }

    /** What is checked, e.g. {@code attention}. */
    public String module() {
        return file.metadata().get("module");
    }

    /** The implementation that the numbers come from. */
    public String source() {
        return file.metadata().get("source");
    }

    /** {@code system/case}, the case's name being the file's. */
    public String name() {
        return system() + "/" + path().getFileName().toString().replaceFirst("\\.safetensors$", "");
    }

    /** Every hyperparameter. */
    public JsonNode config() {
        return config;
    }

    /** Largest error allowed, relative to {@code max(1, max|expected|)}. */
    public double tolerance() {
        return tolerance;
    }

    /** Whether the case has a tensor of this full name, e.g. {@code input.mask}. */
    public boolean contains(String name) {
        return file.contains(name);
    }

    /**
     * The shape of a tensor by its full name, e.g. {@code weight.q_proj.weight}.
     *
     * @throws IllegalArgumentException when there is none
     */
    public long[] shape(String name) {
        return file.shape(name);
    }

    /** Names of the inputs, in the file's order. */
    public List<String> inputNames() {
        return names(Part.INPUT);
    }

    /** Names of the outputs, in the file's order. */
    public List<String> outputNames() {
        return names(Part.OUTPUT);
    }

    /** Official names of the weights, in the file's order. */
    public List<String> weightNames() {
        return names(Part.WEIGHT);
    }

    /** New tensors with the inputs, by name, in the file's order. */
    public Map<String, Tensor> inputs() throws SafetensorsException {
        return tensors(Part.INPUT);
    }

    /** New tensors with the weights, by official name, in the file's order. */
    public Map<String, Tensor> weights() throws SafetensorsException {
        return tensors(Part.WEIGHT);
    }

    /** Names of one part, without the prefix, in the file's order. */
    List<String> names(Part part) {
        List<String> names = new ArrayList<>();
        for (String name : file.names()) {
            if (name.startsWith(part.prefix())) {
                names.add(name.substring(part.prefix().length()));
            }
        }
        return names;
    }

    /** New tensors of one part. */
    Map<String, Tensor> tensors(Part part) throws SafetensorsException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (String name : names(part)) {
            tensors.put(name, file.tensor(part.prefix() + name));
        }
        return tensors;
    }

    @Override
    public String toString() {
        return name() + " (" + module() + ")";
    }

    /** The names as a list in prose. */
    static String list(Set<String> names) {
        return names.stream().sorted().collect(Collectors.joining(", "));
    }
}
