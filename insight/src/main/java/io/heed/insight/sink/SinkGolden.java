package io.heed.insight.sink;

import java.util.LinkedHashMap;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.AttentionObserver;
import io.heed.nn.Form;
import io.heed.sequence.GoldenConfig;
import io.heed.tensor.Ops;

/** Builds what the golden cases of attention sinks check. */
final class SinkGolden {
    private SinkGolden() { }

    /** {@code model}: ids to logits, attention, alpha, sink. */
    static GoldenSubject model(GoldenCase golden, Form form) {
        GoldenConfig json = new GoldenConfig(golden.config());
        SinkModel model = new SinkModel(config(json));
        double epsilon = json.number("epsilon", SinkMetric.EPSILON);
        return new GoldenSubject(model, in -> {
            Tensor ids = in.get("ids");
            Tensor attention = model.maps(ids);
            Tensor alpha = SinkMetric.alpha(attention);
            return Map.of("logits", model.forward(ids, form, new AttentionObserver() { }), "attention", attention,
                    "alpha", alpha, "sink", SinkMetric.sink(alpha, epsilon));
        });
    }

    /** {@code sink-metric}: attention to alpha and, for each epsilon, sink_(100 epsilon) in per cent. */
    static GoldenSubject metric(GoldenCase golden) {
        JsonNode epsilons = golden.config().path("epsilons");
        return GoldenSubject.of(in -> {
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            Tensor alpha = SinkMetric.alpha(in.get("attention"));
            outputs.put("alpha", alpha);
            for (JsonNode epsilon : epsilons) {
                long percent = Math.round(100 * epsilon.asDouble());
                outputs.put("sink_" + percent, Ops.scale(SinkMetric.sink(alpha, epsilon.asDouble()), 100));
            }
            return outputs;
        });
    }

    static SinkConfig config(GoldenConfig json) {
        int width = json.integer("n_embd");
        int heads = json.integer("n_head");
        int block = json.integer("block_size", 2048);
        String module = json.text("module").orElse("gpt");
        return new SinkConfig(vocabulary(json), json.integer("n_layer"), width, heads,
                json.integer("n_query_groups", heads), json.integer("intermediate_size", 4 * width), mlp(json),
                norm(json),
                json.number("norm_eps", 1e-5), placement(json, module), json.flag("bias", false),
                positions(json, module),
                json.number("rotary_percentage", 1), json.number("rope_base", 10_000),
                json.integer("max_position_embeddings", block), mechanism(json, module),
                json.integer("prefix_token", 0),
                Math.max(0, json.integer("window_size", 0)), false);
    }

    private static int vocabulary(GoldenConfig json) {
        int multiple = json.integer("padding_multiple", 1);
        int least = json.integer("vocab_size");
        return json.integer("padded_vocab_size", (least + multiple - 1) / multiple * multiple);
    }

    private static Mechanism mechanism(GoldenConfig json, String module) {
        boolean normalised = json.flag("attention_normalize", true);
        return switch (module) {
            case "gptkvbias" -> new Mechanism.KeyValueBias(json.flag("k_bias", false), json.flag("v_bias", false),
                    json.flag("head_bias", false));
            case "gptattnsim" -> new Mechanism.Similarity(switch (json.text("sim").orElse("sigmoid")) {
                case "sigmoid" -> Mechanism.Similarity.Function.SIGMOID;
                case "elu" -> Mechanism.Similarity.Function.ELU;
                default -> throw unknown("sim", json, "sigmoid or elu");
            }, normalised);
            case "gptattnkernel" -> new Mechanism.Kernel(switch (json.text("kernel").orElse("linear")) {
                case "elu" -> Mechanism.Kernel.Feature.ELU;
                case "linear", "identity" -> Mechanism.Kernel.Feature.LINEAR;
                case "mlp" -> Mechanism.Kernel.Feature.MLP;
                default -> throw unknown("kernel", json, "elu, linear or mlp");
            }, normalised);
            case "gpt", "gptpostln", "gptpos", "gptrelpos", "gptprefix", "gptwindow" -> new Mechanism.Softmax();
            default -> throw unknown("module", json,
                    "GPT, GPTkvbias, GPTattnsim, GPTattnkernel, GPTpostln, GPTpos, GPTrelpos,"
                    + " GPTprefix or GPTwindow");
        };
    }

    private static SinkConfig.Placement placement(GoldenConfig json, String module) {
        if (module.equals("gptpostln")) {
            return SinkConfig.Placement.POST;
        }
        boolean parallel = json.flag("parallel_residual", false);
        boolean shared = json.flag("shared_attention_norm", false);
        if (shared && !parallel) {
            throw new IllegalArgumentException("shared_attention_norm needs parallel_residual");
        }
        return !parallel ? SinkConfig.Placement.PRE : shared ? SinkConfig.Placement.PARALLEL_SHARED
                : SinkConfig.Placement.PARALLEL;
    }

    private static SinkConfig.Positions positions(GoldenConfig json, String module) {
        String said = json.text("positional_embedding").orElse(module.equals("gptpos") || module.equals("gptrelpos")
                ? "" : "rotary");
        return switch (said) {
            case "rotary", "rope" -> SinkConfig.Positions.ROTARY;
            case "nope" -> SinkConfig.Positions.NONE;
            case "absolute" -> SinkConfig.Positions.ABSOLUTE;
            case "learnable" -> SinkConfig.Positions.LEARNABLE;
            case "alibi" -> SinkConfig.Positions.ALIBI;
            case "relative" -> SinkConfig.Positions.RELATIVE;
            default -> throw unknown("positional_embedding", json,
                    "rotary, nope, absolute, learnable, alibi or relative");
        };
    }

    private static SinkConfig.MlpKind mlp(GoldenConfig json) {
        return switch (json.text("_mlp_class").orElse("llamamlp")) {
            case "llamamlp" -> SinkConfig.MlpKind.SWIGLU;
            case "gptneoxmlp", "gelumlp" -> SinkConfig.MlpKind.GELU;
            case "relumlp" -> SinkConfig.MlpKind.RELU;
            case "swishmlp" -> SinkConfig.MlpKind.SWISH;
            case "geglumlp" -> SinkConfig.MlpKind.GEGLU;
            case "reglumlp" -> SinkConfig.MlpKind.REGLU;
            default -> throw unknown("_mlp_class", json,
                    "LLaMAMLP, GptNeoxMLP, GeluMLP, ReluMLP, SwishMLP, GegluMLP or RegluMLP");
        };
    }

    private static SinkConfig.NormKind norm(GoldenConfig json) {
        return switch (json.text("_norm_class").orElse("rmsnorm")) {
            case "rmsnorm", "fusedrmsnorm" -> SinkConfig.NormKind.RMS;
            case "layernorm" -> SinkConfig.NormKind.LAYER;
            default -> throw unknown("_norm_class", json, "RMSNorm, FusedRMSNorm or LayerNorm");
        };
    }

    private static IllegalArgumentException unknown(String key, GoldenConfig json, String known) {
        return new IllegalArgumentException("the golden case's " + key + " is '" + json.json().path(key).asText()
                + "', must be " + known);
    }
}
