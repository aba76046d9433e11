package io.heed.inference.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.heed.inference.engine.Sampling;
import io.heed.inference.model.ModelException;

/**
 * How a model wants to be sampled: {@code generation_config.json}, and {@code config.json} for the tokens that end a
 * text.
 *
 * @param sampling with seed 0
 * @param stops    ids that end a text
 */
public record GenerationDefaults(Sampling sampling, Set<Integer> stops) {
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
            return new GenerationDefaults(sampling, stops);
        } catch (IllegalArgumentException e) {
            throw new ModelException(folder.resolve("generation_config.json"), e.getMessage(), e);
        }
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
