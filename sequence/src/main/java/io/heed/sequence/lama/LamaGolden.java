package io.heed.sequence.lama;

import java.util.LinkedHashMap;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.sequence.GoldenConfig;

/** Builds what the golden cases of low-rank attention check. */
final class LamaGolden {
    private LamaGolden() { }

    /** {@code lama-encoder}: inputs, mask (true = real word) to attention, embedding, out. */
    static GoldenSubject encoder(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        LamaEncoder encoder = new LamaEncoder(options(config, config.integer("input_dim")),
                config.integer("output_dim"));
        return new GoldenSubject(encoder, in -> {
            LamaEncoder.Encoded found = encoder.forward(in.get("inputs"), in.get("mask"));
            return Map.of("attention", found.attention(), "embedding", found.embedding(), "out", found.out());
        });
    }

    /** {@code classifier}: ids, mask, labels to logits, attention, loss, penalty. */
    static GoldenSubject classifier(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        DocumentClassifier classifier = new DocumentClassifier(new DocumentClassifier.Options(config.integer("vocab"),
                config.integer("embed"), config.integer("gru_hidden"), config.flag("bidirectional", true),
                config.integer("classes"), 0), width -> new LowRankAttention(options(config, width)));
        return new GoldenSubject(classifier, in -> {
            DocumentClassifier.Classified found = classifier.forward(in.get("ids"), in.get("mask"));
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("logits", found.logits());
            outputs.put("attention", found.attention());
            outputs.put("loss", torch.cross_entropy_loss(found.logits(), in.get("labels")));
            outputs.put("penalty", LowRankAttention.penalty(found.attention()));
            return outputs;
        });
    }

    private static LowRankAttention.Options options(GoldenConfig config, long width) {
        String activation = config.text("activation").orElse(config.json().has("activation") ? "identity" : "tanh");
        boolean tanh = switch (activation) {
            case "tanh" -> true;
            case "identity", "linear" -> false;
            default -> throw new IllegalArgumentException("the golden case's activation is '" + activation
                    + "', must be tanh or identity");
        };
        boolean unit = !config.json().has("l2") || config.text("l2").isPresent();
        String context = config.text("context").orElse("mean");
        if (!context.contains("learned") && !context.contains("mean")) {
            throw new IllegalArgumentException("the golden case's context is '" + context
                    + "', must name a mean or be learned");
        }
        return new LowRankAttention.Options(width, config.integer("num_heads"), config.integer("rank", 1),
                context.contains("learned"), tanh, unit);
    }
}
