package io.heed.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Reads configuration records: keys that are given over defaults, with one clear line for what is wrong. */
public final class ConfigReader {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private ConfigReader() { }

    /**
     * A record like {@code defaults} in which the keys of {@code json} are replaced.
     *
     * @param json     an object; null, missing or JSON null gives the defaults
     * @param defaults the values of keys that {@code json} lacks
     * @param what     names the configuration in messages
     * @throws IllegalArgumentException in one line: not an object, an unknown key (with the nearest known one), a value
     *         of
     *                                  the wrong type, or a value that the record refuses
     */
    public static <R extends Record> R read(JsonNode json, R defaults, String what) {
        if (json == null || json.isNull() || json.isMissingNode()) {
            return defaults;
        }
        if (!json.isObject()) {
            throw new IllegalArgumentException(what + " must be an object of keys and values, got " + json);
        }
        ObjectNode merged = MAPPER.valueToTree(defaults);
        List<String> known = new ArrayList<>();
        merged.fieldNames().forEachRemaining(known::add);
        for (Map.Entry<String, JsonNode> entry : json.properties()) {
            String key = entry.getKey();
            if (!known.contains(key)) {
                throw new IllegalArgumentException("unknown key '" + key + "' in the " + what
                        + NearestName.of(key, known).map(name -> "; did you mean '" + name + "'?")
                                .orElse("; known keys: " + String.join(", ", known)));
            }
            merged.set(key, entry.getValue());
        }
        try {
            @SuppressWarnings("unchecked")
            R read = (R) MAPPER.treeToValue(merged, defaults.getClass());
            return read;
        } catch (MismatchedInputException e) {
            throw new IllegalArgumentException(mismatch(e, merged, what), e);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("in the " + what + ": " + reason(e), e);
        }
    }

    private static String mismatch(MismatchedInputException e, ObjectNode merged, String what) {
        if (e.getPath().isEmpty()) {
            return "in the " + what + ": " + reason(e);
        }
        String key = e.getPath().getFirst().getFieldName();
        Class<?> type = e.getTargetType();
        return "'" + key + "' in the " + what + " is " + merged.get(key)
                + (type == null ? ", which is not valid" : ", must be " + typeName(type));
    }

    private static String typeName(Class<?> type) {
        if (type == int.class || type == long.class || type == Integer.class || type == Long.class) {
            return "a whole number";
        } else if (type == double.class || type == float.class || type == Double.class) {
            return "a number";
        } else if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        } else if (type == String.class) {
            return "text";
        }
        return "a " + type.getSimpleName();
    }

    /** The first line of the innermost message: what a record's own check said. */
    private static String reason(Throwable e) {
        Throwable inner = e;
        while (inner.getCause() != null) {
            inner = inner.getCause();
        }
        return String.valueOf(inner.getMessage()).lines().findFirst().orElse(inner.getClass().getSimpleName());
    }
}
