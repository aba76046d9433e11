package io.heed.inference.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.attention.DenseAttention;
import io.heed.inference.cache.PagePool;
import io.heed.tensor.Safetensors;

/**
 * A trained decoder-only language model in a HuggingFace folder: {@code config.json} and {@code model.safetensors} or
 * its shards. The weights stay mapped, so opening takes no time and several processes share the memory.
 */
public final class CausalModel {
    private final Path folder;
    private final ModelConfig config;
    private final Safetensors file;
    private final ModelWeights weights;

    private CausalModel(Path folder, ModelConfig config, Safetensors file, ModelWeights weights) {
        this.folder = folder;
        this.config = config;
        this.file = file;
        this.weights = weights;
    }

    /**
     * Opens a model folder.
     *
     * @throws IOException in one line when a file is missing or malformed, the architecture is unknown, or a tensor is
     *         missing
     *                     or does not fit
     */
    public static CausalModel open(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new ModelException(folder, "no such folder: a HuggingFace model is a folder with config.json");
        }
        ModelConfig config = ConfigFile.read(folder.resolve("config.json"));
        Safetensors file = Safetensors.open(folder);
        return new CausalModel(folder, config, file, WeightReader.read(file, config));
    }

    /** Where it was read from. */
    public Path folder() {
        return folder;
    }

    /** Its shape. */
    public ModelConfig config() {
        return config;
    }

    /** Its files. */
    public Safetensors file() {
        return file;
    }

    /** Bytes of weights that one token reads. */
    public long bytesPerToken() {
        return weights.bytes();
    }

    /** A pool for its keys and values, of at most {@code budget} bytes. */
    public PagePool pool(long budget) {
        return new PagePool(config.layers(), config.keyValueHeads(), config.headWidth(), budget);
    }

    /** Every head as the model was trained. */
    public AttentionPlan dense() {
        return AttentionPlan.of(new DenseAttention(), config.layers(), config.heads());
    }

    /** Something that computes it, with caches in {@code pool} and attention by {@code plan}. */
    public Decoder decoder(PagePool pool, AttentionPlan plan) {
        return new Decoder(config, weights, pool, plan);
    }
}
