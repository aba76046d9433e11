package io.heed.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/** Reads {@code --seeds}: a count ({@code 3}) or a list ({@code 0,7,11}; {@code 7,} is a list of one). */
final class SeedList {
    private SeedList() { }

    /** A number or an array of numbers. */
    static JsonNode parse(String text) {
        try {
            if (!text.contains(",")) {
                return JsonNodeFactory.instance.numberNode(Long.parseLong(text.strip()));
            }
            ArrayNode list = JsonNodeFactory.instance.arrayNode();
            for (String part : text.split(",")) {
                list.add(Long.parseLong(part.strip()));
            }
            return list;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--seeds is '" + text
                    + "', must be a count or whole numbers with commas", e);
        }
    }
}
