package io.heed.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** Hugging Face's {@code model.safetensors.index.json}: {@code weight_map} says which file holds which tensor. */
final class SafetensorsIndex {
    private static final long MAX_BYTES = 100_000_000;
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private SafetensorsIndex() { }

    static Safetensors open(Path index) throws SafetensorsException {
        JsonNode root = read(index);
        JsonNode map = root.path("weight_map");
        if (!map.isObject()) {
            throw new SafetensorsException(index, "has no object 'weight_map'");
        }
        Map<String, MappedShard> opened = new HashMap<>();
        Map<String, MappedShard> shards = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
            String name = entry.getKey();
            String file = entry.getValue().asText();
            if (!entry.getValue().isTextual() || !file.endsWith(".safetensors") || file.contains("/")
                    || file.contains("\\")) {
                throw new SafetensorsException(index, "tensor '" + name
                        + "' must name a .safetensors file beside the index,"
                        + " not " + entry.getValue());
            }
            MappedShard shard = opened.get(file);
            if (shard == null) {
                shard = MappedShard.open(index.resolveSibling(file));
                opened.put(file, shard);
            }
            if (!shard.header().entries().containsKey(name)) {
                throw new SafetensorsException(index, "says that " + file + " holds tensor '" + name
                        + "', but it does not");
            }
            shards.put(name, shard);
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        root.path("metadata").properties().forEach(entry -> metadata.put(entry.getKey(), entry.getValue().asText()));
        return new Safetensors(index, metadata, shards);
    }

    private static JsonNode read(Path index) throws SafetensorsException {
        try {
            if (!Files.exists(index)) {
                throw new SafetensorsException(index, "no such file");
            }
            if (Files.size(index) > MAX_BYTES) {
                throw new SafetensorsException(index, "is larger than the " + MAX_BYTES
                        + " bytes allowed for an index");
            }
            return JSON.readTree(Files.readAllBytes(index));
        } catch (SafetensorsException e) {
            throw e;
        } catch (JsonProcessingException e) {
            throw new SafetensorsException(index, "is not valid JSON: " + e.getOriginalMessage().lines().findFirst()
                    .orElse("unreadable"), e);
        } catch (IOException e) {
            throw new SafetensorsException(index, "cannot be read: " + e.getMessage(), e);
        }
    }
}
