package io.heed.sequence;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A mixer and its options as a user writes them: {@code softmax} or {@code softmax:positions=none,window=64}.
 *
 * @param id      a mixer's id or alias
 * @param options the mixer's own options
 */
public record MixerSpec(String id, Map<String, String> options) {
    public MixerSpec {
        options = Map.copyOf(options);
    }

    /** Reads the written form. */
    @JsonCreator
    public static MixerSpec parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) {
            return new MixerSpec(text.strip(), Map.of());
        }
        Map<String, String> options = new LinkedHashMap<>();
        for (String pair : text.substring(colon + 1).split(",")) {
            int equals = pair.indexOf('=');
            if (equals <= 0) {
                throw new IllegalArgumentException("mixer '" + text + "': '" + pair.strip()
                        + "' is not an option; write name:option=value,option=value");
            }
            options.put(pair.substring(0, equals).strip(), pair.substring(equals + 1).strip());
        }
        return new MixerSpec(text.substring(0, colon).strip(), options);
    }

    /**
     * Reads a stack of mixers that the layers take in turn, {@code base-conv:kernel=3+softmax}: a plus separates them.
     */
    public static List<MixerSpec> parseStack(String text) {
        return Arrays.stream(text.split("\\+")).map(MixerSpec::parse).toList();
    }

    /** The written form, options in alphabetical order. */
    @Override
    @JsonValue
    public String toString() {
        StringBuilder text = new StringBuilder(id);
        String separator = ":";
        for (Map.Entry<String, String> option : new TreeMap<>(options).entrySet()) {
            text.append(separator).append(option.getKey()).append('=').append(option.getValue());
            separator = ",";
        }
        return text.toString();
    }
}
