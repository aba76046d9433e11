package io.heed.inference.act;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.attention.PolicyKind;
import io.heed.inference.attention.PolicyParameters;
import io.heed.inference.model.ModelConfig;

/**
 * {@code act:beta=0.4,threshold=0.1}, or {@code alpha=5} for a threshold of alpha / N, {@code keep=token0} or
 * {@code first_found}, and {@code heads=FILE}, a JSON object from layers to lists of heads as the head search gives
 * them. Without heads and without a place it calibrates all heads of all layers but the first two and the last.
 */
public final class ActPolicy implements PolicyKind {
    @Override
    public String name() {
        return "act";
    }

    @Override
    public AttentionPlan apply(AttentionPlan plan, int[] layers, int[] heads, PolicyParameters parameters,
            ModelConfig config) {
        double beta = parameters.number("beta", Calibration.USUAL.beta());
        double alpha = parameters.number("alpha", 0);
        double threshold = parameters.number("threshold", Calibration.USUAL.threshold());
        Calibration.Keep keep = switch (parameters.text("keep").orElse("token0")) {
            case "token0" -> Calibration.Keep.TOKEN0;
            case "first_found" -> Calibration.Keep.FIRST_FOUND;
            default -> throw new IllegalArgumentException("attention policy 'act': keep must be token0 or first_found");
        };
        Calibration calibration = alpha > 0 ? new Calibration(beta, alpha, Calibration.Rule.RELATIVE, keep)
                : new Calibration(beta, threshold, Calibration.Rule.FIXED, keep);
        CalibratedAttention policy = new CalibratedAttention(calibration);
        Optional<String> file = parameters.text("heads");
        if (file.isPresent()) {
            return listed(plan, policy, Path.of(file.get()));
        }
        int[] allowed = layers.length > 0 ? layers
                : IntStream.range(0, config.layers()).filter(l -> HeadSearch.isAllowed(l, config.layers())).toArray();
        if (allowed.length == 0) {
            throw new IllegalArgumentException("attention policy 'act': a model of " + config.layers()
                    + " layers has none"
                    + " between the first two and the last; name layers with act@LAYERS");
        }
        for (int layer : allowed) {
            if (layer < config.layers() && config.window(layer) != 0) {
                throw new IllegalArgumentException("attention policy 'act': layer " + layer
                        + " has a sliding window of its own, which act does not calibrate");
            }
        }
        return plan.with(allowed, policy, heads);
    }

    private static AttentionPlan listed(AttentionPlan plan, CalibratedAttention policy, Path file) {
        try {
            AttentionPlan changed = plan;
            for (Map.Entry<String, JsonNode> layer : new ObjectMapper().readTree(Files.readAllBytes(file))
                    .properties()) {
                for (JsonNode head : layer.getValue()) {
                    changed = changed.with(Integer.parseInt(layer.getKey()), policy, head.asInt(-1));
                }
            }
            return changed;
        } catch (IOException | NumberFormatException e) {
            throw new IllegalArgumentException("attention policy 'act': " + file
                    + " is no JSON object from layers to lists of heads, as {\"2\": [0, 5]}", e);
        }
    }
}
