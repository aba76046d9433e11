package io.heed.sequence.zoology;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.StreamSupport;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.GoldenSubject;
import io.heed.data.Mqar;
import io.heed.nn.Form;
import io.heed.sequence.GoldenConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/** Builds what Zoology's golden cases check. */
final class ZoologyGolden {
    private static final int HIDDEN = 16;

    private ZoologyGolden() { }

    static Map<String, GoldenModule> all(Form form) {
        return Map.of("mqar", ZoologyGolden::mqar,
                "base-conv", golden -> mixer(baseConv(new GoldenConfig(golden.config())), form),
                "hyena", golden -> mixer(hyena(new GoldenConfig(golden.config())), form),
                "h3", golden -> mixer(h3(new GoldenConfig(golden.config())), form),
                "rwkv4", golden -> mixer(rwkv(new GoldenConfig(golden.config())), form),
                "sparse-attention-train", golden -> lookups(golden, true, form),
                "sparse-attention-eval", golden -> lookups(golden, false, form),
                "language-model", golden -> model(golden, form));
    }

    private static GoldenSubject mixer(SequenceMixer mixer, Form form) {
        return new GoldenSubject(mixer, in -> Map.of("y", mixer.forward(in.get("x"), MixerContext.of(form))));
    }

    private static BaseConv baseConv(GoldenConfig config) {
        return new BaseConv(new BaseConv.Config(config.integer("d_model"), length(config),
                config.integer("kernel_size", 3),
                config.integer("d_emb", 3), config.integer("d_hidden", HIDDEN), config.flag("use_act", false)));
    }

    private static Hyena hyena(GoldenConfig config) {
        return new Hyena(new HyenaFilter.Config(config.integer("d_model"), length(config),
                config.integer("filter_order", 64),
                config.integer("emb_dim", 3), config.integer("num_inner_mlps", 2), config.number("w", 1),
                config.number("fast_decay_pct", 0.3), config.number("slow_decay_pct", 1.5),
                config.number("target", 0.01),
                config.number("shift", 0), true), config.integer("short_filter_order", 3), 1);
    }

    private static H3 h3(GoldenConfig config) {
        return new H3(new H3.Config(config.integer("d_model"), config.integer("d_state", 64),
                config.integer("head_dim", 1),
                choice(DiagonalKernel.Discretisation.class, "disc", config.text("disc").orElse("bilinear")),
                choice(DiagonalKernel.RealType.class, "real_type",
                        config.json().path("real_type").isTextual() ? config.json().path("real_type").asText() : "exp"),
                        1));
    }

    private static Rwkv rwkv(GoldenConfig config) {
        return new Rwkv(config.integer("d_model"), config.integer("layer_idx", 0), config.integer("n_layer", 1));
    }

    private static GoldenSubject lookups(GoldenCase golden, boolean training, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        JsonNode count = config.json().path("n_lookups");
        SparseLookups mixer = new SparseLookups(new SparseLookups.Config(config.integer("d_model"),
                config.integer("num_heads", 1), count.isNumber() ? count.asInt() : 0, Gate.SIGMOID,
                config.number("selection_penalty", 0),
                Selection.SEQUENCE, 1));
        return new GoldenSubject(mixer, in -> {
            mixer.train(training);
            MixerContext context = MixerContext.of(form);
            Map<String, Tensor> outputs = new HashMap<>();
            outputs.put("y", mixer.forward(in.get("x"), context));
            context.loss().ifPresent(loss -> outputs.put("aux", loss));
            return outputs;
        });
    }

    private static GoldenSubject model(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        List<MixerText> mixers = StreamSupport.stream(config.json().path("mixers").spliterator(), false)
                .map(JsonNode::asText).map(MixerText::parse).toList();
        if (mixers.isEmpty()) {
            throw new IllegalArgumentException("the golden case's config names no 'mixers'");
        }
        String state = config.text("state_mixer").orElse("identity");
        if (!state.equals("identity") && !state.equals("mlp")) {
            throw new IllegalArgumentException("state_mixer '" + state + "': must be identity or mlp");
        }
        ZoologyModel model = new ZoologyModel(new ZoologyModel.Config(config.integer("vocab_size"),
                config.integer("d_model"),
                config.integer("n_layers"), config.integer("max_position_embeddings", 0), state.equals("mlp"),
                config.flag("tied", true), config.number("ln_eps", 1e-5), 0),
                layer -> layer(mixers.get(layer % mixers.size()), layer, config));
        long ignored = config.integer("ignore_index", -100);
        return new GoldenSubject(model, in -> {
            Map<String, Tensor> outputs = new HashMap<>();
            outputs.put("logits", model.forward(in.get("tokens"), MixerContext.of(form)));
            if (in.containsKey("labels")) {
                outputs.put("loss", ZoologyModel.loss(outputs.get("logits"), in.get("labels"), ignored));
            }
            return outputs;
        });
    }

    private static SequenceMixer layer(MixerText text, int layer, GoldenConfig config) {
        int width = config.integer("d_model");
        int layers = config.integer("n_layers");
        int length = config.integer("l_max", config.integer("max_position_embeddings", 0));
        return switch (text.name()) {
            case "baseconv" -> new BaseConv(new BaseConv.Config(width, text.integer(length, "l_max"),
                    text.integer(3, "kernel", "kernel_size"), text.integer(3, "d_emb"),
                    text.integer(HIDDEN, "d_hidden"), false));
            case "mha", "attention" -> new ZoologyAttention(width, text.integer(1, "heads", "num_heads"), layers);
            case "hyena" -> new Hyena(new HyenaFilter.Config(width, text.integer(length, "l_max"),
                    text.integer(64, "order", "filter_order"), text.integer(3, "emb_dim"),
                    text.integer(2, "num_inner_mlps"), 1,
                    0.3, 1.5, 0.01, 0, true), text.integer(3, "short_filter_order"), layers);
            case "h3" -> new H3(new H3.Config(width, text.integer(64, "state", "d_state"), text.integer(2, "head_dim"),
                    DiagonalKernel.Discretisation.BILINEAR, DiagonalKernel.RealType.EXP, layers));
            case "rwkv", "rwkv4", "rwkvtimemixer" -> new Rwkv(width, layer, layers);
            case "sigmoidlookups", "sparse", "sparseattention" -> new SparseLookups(new SparseLookups.Config(width,
                    text.integer(1, "heads", "num_heads"), text.integer(0, "lookups", "n_lookups"), Gate.SIGMOID, 1,
                    Selection.SEQUENCE,
                    layers));
            case "selectivelookups" -> new SparseLookups(new SparseLookups.Config(width,
                    text.integer(1, "heads", "num_heads"), 0, Gate.SOFTMAX, 0, Selection.SEQUENCE, layers));
            default -> throw new IllegalArgumentException("mixer '" + text.name()
                    + "' of the golden model: known are BaseConv, MHA, Hyena, H3, RWKV, SigmoidLookups,"
                    + " SelectiveLookups");
        };
    }

    /** The generator's deterministic core: given keys, values and gaps it places symbols and labels. */
    private static GoldenSubject mqar(GoldenCase golden) {
        if (golden.config().path("random_non_queries").asBoolean(false)) {
            throw new IllegalArgumentException("random filler follows numpy's random stream, which is not reproduced:"
                    + " set random_non_queries to false");
        }
        int length = golden.config().path("input_seq_len").asInt();
        int pairs = golden.config().path("num_kv_pairs").asInt();
        double power = golden.config().path("power_a").asDouble(0.01);
        return GoldenSubject.of(inputs -> {
            Map<String, Tensor> outputs = new HashMap<>(place(inputs, length));
            outputs.put("gap_probabilities", Ops.of(Mqar.gapProbabilities(length, pairs, power)));
            return outputs;
        });
    }

    private static Map<String, Tensor> place(Map<String, Tensor> inputs, int length) {
        int examples = (int) inputs.get("keys").size(0);
        long[] tokens = new long[examples * length];
        long[] labels = new long[examples * length];
        for (int e = 0; e < examples; e++) {
            Mqar.Example example = Mqar.place(row(inputs, "keys", e), row(inputs, "values", e), row(inputs, "gaps", e),
                    length);
            System.arraycopy(example.inputs(), 0, tokens, e * length, length);
            System.arraycopy(example.labels(), 0, labels, e * length, length);
        }
        return Map.of("inputs", Ops.of(tokens, examples, length), "labels", Ops.of(labels, examples, length));
    }

    private static long[] row(Map<String, Tensor> inputs, String name, int example) {
        return Ops.longs(inputs.get(name).select(0, example));
    }

    private static int length(GoldenConfig config) {
        return config.integer("l_max", config.integer("N", 1));
    }

    private static <E extends Enum<E>> E choice(Class<E> choices, String key, String name) {
        try {
            return Enum.valueOf(choices, name.strip().toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(key + " '" + name + "': must be one of "
                    + List.of(choices.getEnumConstants()).toString().toLowerCase(Locale.ROOT), e);
        }
    }
}
