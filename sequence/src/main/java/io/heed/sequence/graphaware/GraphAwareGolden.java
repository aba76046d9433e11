package io.heed.sequence.graphaware;

import java.util.Map;

import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.sequence.GoldenConfig;

/** Builds what the golden cases of graph-aware attention check. */
final class GraphAwareGolden {
    private GraphAwareGolden() { }

    /** {@code gin-attention}: hidden_states, perhaps mask (true = visible) to out and attn, the adjacency. */
    static GoldenSubject gin(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        int layer = config.integer("layer_idx", 0);
        boolean differential = config.flag("use_differential_attention", false);
        GinAttention attention = new GinAttention(attention(golden, config), new GinAttention.Options(
                config.flag("use_sharpening", false) ? config.number("initial_sharpening_value", 1) : Double.NaN,
                config.flag("attention_GIN_MLP_use_scoring_fnct", false)
                        ? config.integer("attention_GIN_MLP_scoring_hidden_dim", 512) : 0,
                differential ? GinAttention.Options.lambda(layer) : Double.NaN,
                differential && config.flag("use_differential_attention_group_norm", false),
                config.flag("attention_GIN_MLP_o_proj_at_end", false)));
        return new GoldenSubject(attention, in -> {
            Tensor x = in.get("hidden_states");
            Tensor map = in.containsKey("mask") ? attention.mapWhere(x, in.get("mask")) : attention.map(x, null);
            return Map.of("out", attention.forward(x, map), "attn", map);
        });
    }

    /**
     * {@code pna-attention} and its variants: hidden_states, perhaps mask to out and attn, the map before the
     * threshold.
     */
    static GoldenSubject pna(GoldenCase golden, Maximum standard) {
        GoldenConfig config = new GoldenConfig(golden.config());
        Maximum maximum = config.text("max_mode").map(mode -> switch (mode) {
            case "own" -> Maximum.OWN;
            case "neighbour", "neighbor" -> Maximum.NEIGHBOUR;
            default -> throw new IllegalArgumentException("max_mode '" + mode + "': must be own or neighbour");
        }).orElse(standard);
        PnaAttention attention = new PnaAttention(attention(golden, config), maximum, config.flag("mlp_bias", false));
        return new GoldenSubject(attention, in -> {
            Tensor x = in.get("hidden_states");
            Tensor map = in.containsKey("mask") ? attention.mapWhere(x, in.get("mask")) : attention.map(x, null);
            return Map.of("out", attention.forward(x, map), "attn", map);
        });
    }

    /** {@code sparse-gin}: hidden_states to out and adj. */
    static GoldenSubject sparse(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        String type = config.text("gnn_type").orElse("causal_gin");
        require(type.equals("causal_gin"), "gnn_type '" + type + "': must be causal_gin");
        String mode = config.text("gnn_mode").orElse("single");
        require(mode.equals("single"), "gnn_mode '" + mode + "': must be single");
        String logic = config.text("gnn_logic").orElse("before_mlp");
        require(logic.equals("before_mlp"), "gnn_logic '" + logic + "': must be before_MLP");
        int layers = config.integer("num_hidden_layers", 1);
        double last = config.number("lambda_GNN", 0.5);
        double scale = SparseGinConfig.scale(config.number("lambda_GNN_initial", last), last,
                config.integer("layer_idx", 0), layers);
        String direction = config.text("edge_direction").orElse("");
        long width = config.integer("hidden_size");
        SparseGinConfig sparse = new SparseGinConfig(width, config.integer("hidden_dim", 128),
                config.integer("num_layers", 3), activation(config.text("activation").orElse("relu")),
                config.number("dropout", 0.2), method(config),
                config.integer("adj_transform_hidden_dim", 128), config.integer("num_heads"),
                config.number("threshold_any_tau", 10), config.number("continuous_transform_alpha", 10),
                config.number("threshold", 0.5),
                config.flag("zero_below_epsilon_threshold", true) ? config.number("epsilon_threshold", 0.5)
                : Double.NaN,
                !config.flag("remove_self_connections", false),
                direction.matches("key\\s*(->|_to_|-to-)\\s*query.*") ? SparseGinConfig.EdgeDirection.KEY_TO_QUERY
                        : SparseGinConfig.EdgeDirection.OFFICIAL,
                config.flag("GIN_edge_weight_scaling", true), config.flag("GIN_use_MLP", true),
                config.number("GIN_hidden_dim_multiplier", 2), config.flag("GIN_use_norm", false),
                config.flag("gnn_residual", true), config.flag("use_layer_norm", true),
                config.number("rms_norm_eps", 1e-5),
                scale);
        DecoderLayer layer = new DecoderLayer(attention(golden, config),
                mlp(config.text("MLP_type").orElse("standard_mlp")),
                config.integer("intermediate_size", (int) (4 * width)), sparse, 0);
        return new GoldenSubject(layer, in -> {
            DecoderLayer.Trace trace = layer.forward(in.get("hidden_states"), Form.AUTO);
            return Map.of("out", trace.out(), "adj", layer.adjacency(trace.map()));
        });
    }

    private static GraphAwareConfig attention(GoldenCase golden, GoldenConfig config) {
        int heads = config.integer("num_heads");
        int width = config.integer("hidden_size");
        GraphAwareConfig.Weighting map = config.flag("attention_GIN_MLP_GIN_use_softmax", true)
                ? GraphAwareConfig.Weighting.SOFTMAX
                : !golden.module().startsWith("gin") && config.flag("attention_GIN_MLP_GIN_use_ReLU_instead_of_softmax",
                true)
                        ? GraphAwareConfig.Weighting.RELU : GraphAwareConfig.Weighting.RAW;
        return new GraphAwareConfig(width, heads, config.integer("num_key_value_heads", heads),
                config.integer("head_dim", width / heads), config.number("rope_theta", 10_000),
                config.flag("attention_bias", false), config.flag("causal", true), map,
                config.number("attention_GIN_MLP_GIN_softmax_temperature", 1),
                ThresholdMode.named(config.text("attention_GIN_MLP_GIN_threshold_mode").orElse("none")),
                config.number("attention_GIN_MLP_GIN_threshold_value", 0.2),
                config.flag("attention_GIN_MLP_GIN_learnable_threshold", false),
                new ThresholdMode.Numbers(config.number("attention_GIN_MLP_GIN_sharp_softplus_beta", 10),
                        config.number("attention_GIN_MLP_GIN_binary_scale", 1),
                        config.number("attention_GIN_MLP_GIN_top_k_fraction_of_sequence_length", 0.1)),
                config.number("attention_GIN_MLP_multiplier", 2), config.number("rms_norm_eps", 1e-5), 0,
                golden.contains("weight.residual_epsilon.0"));
    }

    private static SparseGinConfig.Activation activation(String name) {
        return switch (name) {
            case "prelu" -> SparseGinConfig.Activation.PRELU;
            case "relu" -> SparseGinConfig.Activation.RELU;
            case "tanh" -> SparseGinConfig.Activation.TANH;
            case "gelu" -> SparseGinConfig.Activation.GELU;
            default -> throw new IllegalArgumentException("activation '" + name
                    + "': must be prelu, relu, tanh or gelu");
        };
    }

    private static SparseGinConfig.Method method(GoldenConfig config) {
        String name = config.text("adj_construction_method").orElse("sum");
        return switch (name) {
            case "mean" -> SparseGinConfig.Method.MEAN;
            case "sum" -> SparseGinConfig.Method.SUM;
            case "threshold_any" -> SparseGinConfig.Method.THRESHOLD_ANY;
            case "learnable_aggregate" -> config.text("learnable_aggregate_activation").orElse("softmax")
                    .equals("sigmoid")
                    ? SparseGinConfig.Method.LEARNED_SIGMOID : SparseGinConfig.Method.LEARNED_SOFTMAX;
            default -> throw new IllegalArgumentException("adj_construction_method '" + name
                    + "': must be mean, sum, threshold_any or learnable_aggregate");
        };
    }

    private static DecoderLayer.MlpKind mlp(String name) {
        return switch (name) {
            case "standard_mlp" -> DecoderLayer.MlpKind.STANDARD;
            case "linear_mlp" -> DecoderLayer.MlpKind.LINEAR;
            case "shallow_mlp" -> DecoderLayer.MlpKind.SHALLOW;
            case "no_mlp" -> DecoderLayer.MlpKind.NONE;
            default -> throw new IllegalArgumentException("MLP_type '" + name
                    + "': must be standard_MLP, linear_MLP, shallow_MLP or no_MLP");
        };
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
