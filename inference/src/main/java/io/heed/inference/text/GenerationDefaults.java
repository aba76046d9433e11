package io.heed.inference.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.heed.inference.engine.Sampling;
import io.heed.inference.model.ModelException;

/**
 * How a model wants to be run: {@code generation_config.json}, and {@code config.json} for the tokens that end a text.
 *
 * @param sampling  with seed 0
 * @param stops     ids that end a text
 * @param attention policies as {@link io.heed.inference.attention.AttentionOptions} reads them, from the key
 *                  {@code attention_policy}, which is a text or a list of texts; empty for dense attention
 */
public record GenerationDefaults(Sampling sampling, Set<Integer> stops, List<String> attention) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** @throws IOException in one line when a file is malformed */
    static GenerationDefaults read(Path folder) throws IOException {
        JsonNode generation = json(folder.resolve("generation_config.json"));
        JsonNode config = json(folder.resolve("config.json"));
        Set<Integer> stops = new LinkedHashSet<>();
        JsonNode ids = generation.hasNonNull("eos_token_id") ? generation.path("eos_token_id")
                : config.path("eos_token_id");
        if (ids.isInt()) {
            stops.add(ids.asInt());
        }
        ids.forEach(id -> stops.add(id.asInt()));
        boolean drawn = generation.path("do_sample").asBoolean(false);
        try {
            Sampling sampling = new Sampling(drawn ? generation.path("temperature").asDouble(1) : 0,
                    drawn ? generation.path("top_k").asInt(50) : 0, drawn ? generation.path("top_p").asDouble(1) : 1,
                    drawn ? generation.path("min_p").asDouble(0) : 0, generation.path("repetition_penalty").asDouble(1),
                    0, 0, 0);
            return new GenerationDefaults(sampling, stops, attention(generation.path("attention_policy")));
        } catch (IllegalArgumentException e) {
            throw new ModelException(folder.resolve("generation_config.json"), e.getMessage(), e);
        }
    }

    private static List<String> attention(JsonNode policy) {
        if (policy.isTextual()) {
            return List.of(policy.asText());
        }
        List<String> policies = new ArrayList<>();
        for (JsonNode one : policy) {
            policies.add(one.asText());
        }
        boolean absent = policy.isMissingNode() || policy.isNull();
        if (!absent && !(policy.isArray() && policies.stream().noneMatch(String::isEmpty))) {
            throw new IllegalArgumentException("attention_policy must be a text or a list of texts, not " + policy);
        }
        return List.copyOf(policies);
    }

    private static JsonNode json(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return JSON.createObjectNode();
        }
        try {
            return JSON.readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new ModelException(file, "is not valid JSON: " + e.getOriginalMessage().lines().findFirst()
                    .orElse(""), e);
        }
    }
}
