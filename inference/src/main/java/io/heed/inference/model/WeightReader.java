package io.heed.inference.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

import io.heed.kernels.WeightMatrix;
import io.heed.tensor.Ops;
import io.heed.tensor.Safetensors;
import io.heed.tensor.SafetensorsException;
import io.heed.tensor.SafetensorsType;

/** Finds a model's weights in its files by their official names. Matrices stay where the files are mapped. */
final class WeightReader {
    private final Safetensors file;
    private final ModelConfig config;
    private final String prefix;
    private long bytes;

    private WeightReader(Safetensors file, ModelConfig config) {
        this.file = file;
        this.config = config;
        String usual = config.architecture() == Architecture.GPT2 ? "transformer." : "model.";
        prefix = file.names().stream().anyMatch(name -> name.startsWith(usual)) ? usual : "";
    }

    /**
     * @throws SafetensorsException in one line when a tensor is missing or has another shape or type than the model's
     */
    static ModelWeights read(Safetensors file, ModelConfig config) throws SafetensorsException {
        WeightReader reader = new WeightReader(file, config);
        return config.architecture() == Architecture.GPT2 ? reader.gpt2() : reader.llamaLike();
    }

    private ModelWeights llamaLike() throws SafetensorsException {
        int width = config.width();
        int queries = config.heads() * config.headWidth();
        WeightMatrix embedding = matrix(prefix + "embed_tokens.weight", config.vocabulary(), width);
        List<LayerWeights> layers = new ArrayList<>();
        boolean normed = config.architecture() == Architecture.QWEN3;
        for (int i = 0; i < config.layers(); i++) {
            String at = prefix + "layers." + i + ".";
            layers.add(new LayerWeights(rms(at + "input_layernorm.weight"),
                    linear(at + "self_attn.q_proj", queries, width, config.biases().input()),
                    linear(at + "self_attn.k_proj", config.cacheWidth(), width, config.biases().input()),
                    linear(at + "self_attn.v_proj", config.cacheWidth(), width, config.biases().input()),
                    normed ? vector(at + "self_attn.q_norm.weight", config.headWidth()) : null,
                    normed ? vector(at + "self_attn.k_norm.weight", config.headWidth()) : null,
                    linear(at + "self_attn.o_proj", width, queries, config.biases().output()),
                    rms(at + "post_attention_layernorm.weight"),
                    linear(at + "mlp.gate_proj", config.hidden(), width, config.biases().mlp()),
                    linear(at + "mlp.up_proj", config.hidden(), width, config.biases().mlp()),
                    linear(at + "mlp.down_proj", width, config.hidden(), config.biases().mlp())));
        }
        return new ModelWeights(embedding, null, layers, rms(prefix + "norm.weight"), head(embedding), bytes);
    }

    private ModelWeights gpt2() throws SafetensorsException {
        int width = config.width();
        WeightMatrix embedding = matrix(prefix + "wte.weight", config.vocabulary(), width);
        WeightMatrix positions = matrix(prefix + "wpe.weight", config.positions(), width);
        List<LayerWeights> layers = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            String at = prefix + "h." + i + ".";
            Linear all = transposed(at + "attn.c_attn", 3 * width, width);
            layers.add(new LayerWeights(layerNorm(at + "ln_1"), part(all, 0, width), part(all, width, width),
                    part(all, 2 * width, width), null, null, transposed(at + "attn.c_proj", width, width),
                    layerNorm(at + "ln_2"), null, transposed(at + "mlp.c_fc", config.hidden(), width),
                    transposed(at + "mlp.c_proj", width, config.hidden())));
        }
        return new ModelWeights(embedding, positions, layers, layerNorm(prefix + "ln_f"), head(embedding), bytes);
    }

    private Linear head(WeightMatrix embedding) throws SafetensorsException {
        WeightMatrix head = config.tied() ? embedding : matrix("lm_head.weight", config.vocabulary(), config.width());
        bytes += head.bytes();
        return new Linear(head, null);
    }

    private NormWeights rms(String name) throws SafetensorsException {
        return new NormWeights(vector(name, config.width()), null, config.epsilon());
    }

    private NormWeights layerNorm(String at) throws SafetensorsException {
        return new NormWeights(vector(at + ".weight", config.width()), vector(at + ".bias", config.width()),
                config.epsilon());
    }

    private Linear linear(String at, int rows, int columns, boolean biased) throws SafetensorsException {
        WeightMatrix weight = matrix(at + ".weight", rows, columns);
        bytes += weight.bytes();
        return new Linear(weight, biased ? vector(at + ".bias", rows) : null);
    }

    /** GPT-2 stores its linear layers as (in, out). */
    private Linear transposed(String at, int rows, int columns) throws SafetensorsException {
        WeightMatrix stored = matrix(at + ".weight", columns, rows);
        MemorySegment turned = Arena.ofAuto().allocate((long) rows * columns * Float.BYTES, Float.BYTES);
        float[] line = new float[rows];
        for (int column = 0; column < columns; column++) {
            stored.read(column, 1, 0, rows, line, 0, rows);
            for (int row = 0; row < rows; row++) {
                turned.setAtIndex(ValueLayout.JAVA_FLOAT, (long) row * columns + column, line[row]);
            }
        }
        WeightMatrix weight = new WeightMatrix(turned, WeightMatrix.Type.F32, rows, columns);
        bytes += weight.bytes();
        return new Linear(weight, vector(at + ".bias", rows));
    }

    private static Linear part(Linear all, int row, int rows) {
        int columns = all.weight().columns();
        MemorySegment data = all.weight().data().asSlice((long) row * columns * Float.BYTES, (long) rows * columns
                * Float.BYTES);
        return new Linear(new WeightMatrix(data, WeightMatrix.Type.F32, rows, columns),
                Arrays.copyOfRange(all.bias(), row, row + rows));
    }

    private WeightMatrix matrix(String name, int rows, int columns) throws SafetensorsException {
        check(name, rows, columns);
        return new WeightMatrix(file.data(name), type(name), rows, columns);
    }

    private float[] vector(String name, int length) throws SafetensorsException {
        check(name, length);
        float[] values = new float[length];
        new WeightMatrix(file.data(name), type(name), 1, length).read(0, 1, 0, length, values, 0, length);
        return values;
    }

    private WeightMatrix.Type type(String name) throws SafetensorsException {
        SafetensorsType type = file.type(name);
        return switch (type) {
            case F32 -> WeightMatrix.Type.F32;
            case F16 -> WeightMatrix.Type.F16;
            case BF16 -> WeightMatrix.Type.BF16;
            default -> throw new SafetensorsException(file.path(), "tensor '" + name + "' is " + type
                    + "; models run with F32, F16 or BF16 weights");
        };
    }

    private void check(String name, long... shape) throws SafetensorsException {
        if (!file.contains(name)) {
            throw new SafetensorsException(file.path(), "tensor '" + name + "' is missing, which a "
                    + config.architecture().type() + " model has");
        }
        if (!Arrays.equals(file.shape(name), shape)) {
            throw new SafetensorsException(file.path(), "tensor '" + name + "' is " + Ops.shape(file.shape(name))
                    + ", config.json says " + Ops.shape(shape));
        }
    }

    /** The names that a strict loader may find beside a model's own: buffers that old files carry. */
    static boolean isBuffer(String name) {
        return Set.of("masked_bias", "inv_freq").stream().anyMatch(end -> name.endsWith("." + end))
                || name.matches(".*\\.attn\\.bias");
    }
}
