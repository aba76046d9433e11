package io.heed.inference.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.heed.kernels.Activation;

/** Reads {@code config.json}. */
final class ConfigFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final int MISTRAL_WINDOW = 4096;
    private static final int QWEN_FULL_LAYERS = 28;

    private final Path file;
    private final JsonNode root;

    private ConfigFile(Path file, JsonNode root) {
        this.file = file;
        this.root = root;
    }

    /** @throws ModelException in one line when the file is missing, malformed or describes what cannot be run */
    static ModelConfig read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new ModelException(file, "no such file: a HuggingFace model folder has one");
        }
        JsonNode root = json(file);
        String type = root.path("model_type").asText("");
        String className = root.path("architectures").path(0).asText("");
        Architecture architecture = Architecture.of(type, className).orElseThrow(() -> new ModelException(file,
                "architecture '" + (type.isEmpty() ? className : type) + "' is not supported; supported are "
                        + Architecture.known()));
        ConfigFile config = new ConfigFile(file, root);
        ModelConfig model = architecture == Architecture.GPT2 ? config.gpt2() : config.llamaLike(architecture);
        config.check(model);
        return model;
    }

    static JsonNode json(Path file) throws IOException {
        try {
            JsonNode root = JSON.readTree(Files.readAllBytes(file));
            if (root == null || !root.isObject()) {
                throw new ModelException(file, "is not a JSON object");
            }
            return root;
        } catch (JsonProcessingException e) {
            throw new ModelException(file, "is not valid JSON: " + e.getOriginalMessage().lines().findFirst()
                    .orElse(""), e);
        }
    }

    private ModelConfig llamaLike(Architecture architecture) throws ModelException {
        int width = integer("hidden_size");
        int heads = integer("num_attention_heads");
        int layers = integer("num_hidden_layers");
        int headWidth = integer("head_dim", heads == 0 ? 0 : width / heads);
        int positions = integer("max_position_embeddings");
        RotaryTable rope = rope(headWidth, positions);
        boolean attention = root.path("attention_bias").asBoolean(false);
        boolean qwen2 = architecture == Architecture.QWEN2;
        ModelConfig.Biases biases = new ModelConfig.Biases(qwen2 || attention, !qwen2 && attention,
                root.path("mlp_bias").asBoolean(false));
        // Mistral's own default, where config.json says nothing; null means none
        boolean unsaid = architecture == Architecture.MISTRAL && !root.has("sliding_window");
        int window = architecture == Architecture.LLAMA ? 0 : unsaid ? MISTRAL_WINDOW : integer("sliding_window", 0);
        boolean[] sliding = sliding(architecture, layers, window);
        return new ModelConfig(architecture, integer("vocab_size"), width, layers, heads,
                integer("num_key_value_heads", heads), headWidth, integer("intermediate_size"), rope.context(positions),
                root.path("rms_norm_eps").asDouble(1e-6), activation(root.path("hidden_act").asText("silu")),
                rope, biases, window, sliding, false, true,
                root.path("tie_word_embeddings").asBoolean(false));
    }

    private boolean[] sliding(Architecture architecture, int layers, int window) throws ModelException {
        boolean[] sliding = new boolean[layers];
        JsonNode types = root.path("layer_types");
        boolean qwen = architecture == Architecture.QWEN2 || architecture == Architecture.QWEN3;
        boolean used = window > 0 && (!qwen || root.path("use_sliding_window").asBoolean(false));
        if (!used) {
            return sliding;
        }
        if (types.isArray()) {
            if (types.size() != layers) {
                throw new ModelException(file, "layer_types has " + types.size() + " entries for " + layers
                        + " layers");
            }
            for (int i = 0; i < layers; i++) {
                sliding[i] = types.get(i).asText().equals("sliding_attention");
            }
        } else if (qwen) {
            int first = root.path("max_window_layers").asInt(QWEN_FULL_LAYERS);
            Arrays.fill(sliding, Math.clamp(first, 0, layers), layers, true);
        } else {
            Arrays.fill(sliding, true);
        }
        return sliding;
    }

    private RotaryTable rope(int headWidth, int positions) throws ModelException {
        JsonNode scaling = root.path("rope_parameters");
        if (!scaling.isObject()) {
            scaling = root.path("rope_scaling");
        }
        double base = scaling.path("rope_theta").asDouble(root.path("rope_theta").asDouble(10_000));
        String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
        int original = scaling.path("original_max_position_embeddings")
                .asInt(root.path("original_max_position_embeddings").asInt(positions));
        RopeScaling rope = switch (type) {
            case "default" -> new RopeScaling.None();
            case "linear" -> new RopeScaling.Linear(required(scaling, "factor"));
            case "dynamic" -> new RopeScaling.Dynamic(required(scaling, "factor"), positions);
            case "yarn" -> new RopeScaling.Yarn(required(scaling, "factor"), original,
                    scaling.path("beta_fast").asDouble(32), scaling.path("beta_slow").asDouble(1),
                    yarnMagnitude(scaling, required(scaling, "factor")), scaling.path("truncate").asBoolean(true));
            case "llama3" -> new RopeScaling.Llama3(required(scaling, "factor"), required(scaling, "low_freq_factor"),
                    required(scaling, "high_freq_factor"), (int) required(scaling, "original_max_position_embeddings"));
            default -> throw new ModelException(file, "rope scaling '" + type
                    + "' is not supported; supported are default, linear, dynamic, yarn, llama3");
        };
        return new RotaryTable(headWidth, base, rope);
    }

    private static double yarnMagnitude(JsonNode scaling, double factor) {
        if (scaling.path("attention_factor").isNumber()) {
            return scaling.path("attention_factor").asDouble();
        }
        double all = scaling.path("mscale_all_dim").asDouble(0);
        double one = scaling.path("mscale").asDouble(0);
        return one != 0 && all != 0 ? magnitude(factor, one) / magnitude(factor, all) : magnitude(factor, 1);
    }

    private static double magnitude(double factor, double scale) {
        return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
    }

    private double required(JsonNode scaling, String key) throws ModelException {
        if (!scaling.path(key).isNumber() || !(scaling.path(key).asDouble() > 0)) {
            throw new ModelException(file, "rope scaling needs a positive number '" + key + "'");
        }
        return scaling.path(key).asDouble();
    }

    private ModelConfig gpt2() throws ModelException {
        int width = integer("n_embd");
        int heads = integer("n_head");
        int layers = integer("n_layer");
        int hidden = integer("n_inner", 4 * width);
        return new ModelConfig(Architecture.GPT2, integer("vocab_size"), width, layers, heads, heads,
                heads == 0 ? 0 : width / heads, hidden, integer("n_positions", integer("n_ctx", 1024)),
                root.path("layer_norm_epsilon").asDouble(1e-5),
                activation(root.path("activation_function").asText("gelu_new")),
                null, new ModelConfig.Biases(true, true, true), 0, new boolean[layers],
                root.path("scale_attn_by_inverse_layer_idx").asBoolean(false),
                root.path("scale_attn_weights").asBoolean(true), root.path("tie_word_embeddings").asBoolean(true));
    }

    private void check(ModelConfig model) throws ModelException {
        boolean rotary = model.rope() != null;
        if (model.heads() < 1 || model.keyValueHeads() < 1 || model.heads() % model.keyValueHeads() != 0) {
            throw new ModelException(file, model.heads() + " query heads are not a multiple of " + model.keyValueHeads()
                    + " key/value heads");
        }
        if (!rotary && model.width() % model.heads() != 0) {
            throw new ModelException(file, "width " + model.width() + " is not a multiple of " + model.heads()
                    + " heads");
        }
        if (model.headWidth() < 1 || model.headWidth() > 256 || rotary && model.headWidth() % 2 != 0) {
            throw new ModelException(file, "head width " + model.headWidth() + " is not an even number of at most 256");
        }
    }

    private Activation activation(String name) throws ModelException {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "silu", "swish" -> Activation.SILU;
            case "gelu" -> Activation.GELU;
            case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Activation.GELU_TANH;
            case "relu" -> Activation.RELU;
            default -> throw new ModelException(file, "activation '" + name
                    + "' is not supported; supported are silu, gelu, gelu_new, gelu_pytorch_tanh, relu");
        };
    }

    private int integer(String key) throws ModelException {
        JsonNode value = root.path(key);
        if (!value.canConvertToInt() || value.asInt() < 1) {
            throw new ModelException(file, "needs a positive whole number '" + key + "'"
                    + (value.isMissingNode() ? "" : ", has " + value));
        }
        return value.asInt();
    }

    private int integer(String key, int otherwise) throws ModelException {
        return root.path(key).isMissingNode() || root.path(key).isNull() ? otherwise : integer(key);
    }
}
