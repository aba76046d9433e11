package io.heed.sequence.gaussian;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.sequence.GoldenConfig;

/** Builds what Gaussian attention's golden cases check. */
final class GaussianGolden {
    private GaussianGolden() { }

    /** {@code gaussian-attention}: x to y. */
    static GoldenSubject head(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        GaussianHead head = new GaussianHead(config.integer("norm_axis"), config.integer("num_gaussians"),
                padding(golden),
                config.number("eps", GaussianHeads.EPSILON));
        return new GoldenSubject(head, in -> {
            GaussianHead.Result result = head.forward(in.get("x"));
            return Map.of("y", result.out(), "weights", result.weights());
        });
    }

    /** {@code multi-head} and {@code multi-head-weights}: x to y, weights. */
    static GoldenSubject heads(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        GaussianHeads heads = new GaussianHeads(config.integer("norm_axis"), config.integer("num_heads"),
                config.integer("num_gaussians"), padding(golden));
        return new GoldenSubject(heads, in -> {
            GaussianHead.Result result = heads.run(in.get("x"));
            return Map.of("y", result.out(), "weights", result.weights());
        });
    }

    /** {@code block}: x to y. */
    static GoldenSubject block(GoldenCase golden) {
        JsonNode config = golden.config();
        int count = config.path("norm_axes").size();
        if (count == 0 || config.path("num_heads").size() != count || config.path("num_gaussians").size() != count
                || config.path("num_layers").asInt(count) != count) {
            throw new IllegalArgumentException("norm_axes, num_heads and num_gaussians must each have num_layers"
                    + " entries");
        }
        List<GaussianBlock.Layer> layers = new ArrayList<>();
        for (int l = 0; l < count; l++) {
            layers.add(new GaussianBlock.Layer(config.path("norm_axes").path(l).asInt(), config.path("num_heads")
                    .path(l).asInt(),
                    config.path("num_gaussians").path(l).asInt()));
        }
        GaussianBlock block = new GaussianBlock(layers, padding(golden));
        return new GoldenSubject(block, in -> Map.of("y", block.forward(in.get("x"))));
    }

    /** {@code experiment-variant}: x to y. */
    static GoldenSubject experiment(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        LayerGates gates = new LayerGates(config.integer("num_layers"), config.integer("feature_size"),
                config.integer("num_heads"), config.number("c_init", LayerGates.WIDTH),
                config.number("eps", LayerGates.EPSILON));
        return new GoldenSubject(gates, in -> Map.of("y", gates.forward(in.get("x"))));
    }

    private static Double padding(GoldenCase golden) {
        return golden.config().hasNonNull("padding_value") ? golden.config().get("padding_value").asDouble() : null;
    }
}
