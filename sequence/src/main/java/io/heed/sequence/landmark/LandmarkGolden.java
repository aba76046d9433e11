package io.heed.sequence.landmark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.sequence.GoldenConfig;
import io.heed.tensor.Ops;

/** Builds what landmark attention's golden cases check. */
final class LandmarkGolden {
    private LandmarkGolden() { }

    /** {@code grouped-softmax}: scores, is_landmark to probs. */
    static GoldenSubject softmax(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        return GoldenSubject.of(in -> {
            checkGroups(config, in.get("is_landmark"));
            return Map.of("probs", GroupedSoftmax.weights(in.get("scores"), in.get("is_landmark"), null, 0));
        });
    }

    /** {@code attention}: x, is_landmark to out. */
    static GoldenSubject attention(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        LandmarkLayer layer = new LandmarkLayer(model(config));
        return new GoldenSubject(layer, in -> {
            checkGroups(config, in.get("is_landmark"));
            return Map.of("out", layer.forward(in.get("x"), Landmarks.of(in.get("is_landmark")), null, form));
        });
    }

    /** {@code model}: idx, perhaps targets to logits and loss. */
    static GoldenSubject model(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        LandmarkModel model = new LandmarkModel(model(config), config.integer("vocab_size"),
                config.integer("landmark_id"));
        return new GoldenSubject(model, in -> {
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            Tensor logits = model.forward(in.get("idx"), form);
            outputs.put("logits", logits);
            if (in.containsKey("targets")) {
                outputs.put("loss", LandmarkModel.loss(logits, in.get("targets")));
            }
            return outputs;
        });
    }

    /** {@code inference}: idx, read in the chunks that the config names, to the logits of the ordinary tokens. */
    static GoldenSubject inference(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        LandmarkConfig sizes = model(config);
        LandmarkModel model = new LandmarkModel(sizes, config.integer("vocab_size"), config.integer("landmark_id"));
        LandmarkCache.Config cache = new LandmarkCache.Config(sizes.block(), config.integer("mem_cache_size", 40),
                config.integer("cache_topk", 2),
                        selection(config.text("cache_selection_method").orElse("per_token_and_head")),
                LandmarkCache.Positions.STINGY);
        return new GoldenSubject(model, in -> {
            try (LandmarkReader reader = new LandmarkReader(model, cache)) {
                List<Tensor> logits = new ArrayList<>();
                long at = 0;
                for (JsonNode chunk : golden.config().path("chunks")) {
                    logits.add(reader.read(in.get("idx").narrow(1, at, chunk.asLong())));
                    at += chunk.asLong();
                }
                if (at < in.get("idx").size(1)) {
                    logits.add(reader.read(in.get("idx").narrow(1, at, in.get("idx").size(1) - at)));
                }
                return Map.of("logits", Ops.cat(1, logits.toArray(Tensor[]::new)));
            }
        });
    }

    private static LandmarkCache.Selection selection(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "per_token_and_head" -> LandmarkCache.Selection.PER_TOKEN_AND_HEAD;
            case "max_over_heads" -> LandmarkCache.Selection.MAX_OVER_HEADS;
            case "max_over_tokens" -> LandmarkCache.Selection.MAX_OVER_TOKENS;
            default -> throw new IllegalArgumentException("cache_selection_method '" + name
                    + "' is none of per_token_and_head, max_over_heads, max_over_tokens");
        };
    }

    private static LandmarkConfig model(GoldenConfig config) {
        return LandmarkConfig.of(config.integer("n_embd"), config.integer("n_head"), config.integer("n_layer", 1),
                config.integer("mem_freq", config.integer("mem_cache_freq",
                        50))).withBase(config.number("rotary_base", 10_000))
                .withBias(config.flag("bias", false)).withEpsilon(config.number("layernorm_eps", 1e-5));
    }

    private static void checkGroups(GoldenConfig config, Tensor landmarks) {
        int groups = config.integer("max_groups_for_softmax", Integer.MAX_VALUE);
        long most = landmarks.sum(new long[] {1}, false, null).max().item_long();
        if (groups < most + 2) {
            throw new IllegalArgumentException("max_groups_for_softmax " + groups + " is too small for " + most
                    + " landmarks: set it to at least " + (most + 2));
        }
    }
}
