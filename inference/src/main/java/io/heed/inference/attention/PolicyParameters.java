package io.heed.inference.attention;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

import io.heed.train.NearestName;

/** The KEY=VALUE pairs that a user wrote with a policy. Every key must be asked for by somebody. */
public final class PolicyParameters {
    private final String policy;
    private final Map<String, String> values;
    private final Set<String> known = new LinkedHashSet<>();

    PolicyParameters(String policy, Map<String, String> values) {
        this.policy = policy;
        this.values = values;
    }

    /** A text. */
    public Optional<String> text(String key) {
        known.add(key);
        return Optional.ofNullable(values.get(key));
    }

    /** A whole number. */
    public int integer(String key, int otherwise) {
        return (int) number(key, otherwise, "a whole number", Integer::parseInt);
    }

    /** A number. */
    public double number(String key, double otherwise) {
        return (double) number(key, otherwise, "a number", Double::parseDouble);
    }

    private Object number(String key, Object otherwise, String what, Function<String, Object> parse) {
        Optional<String> text = text(key);
        try {
            return text.isPresent() ? parse.apply(text.get()) : otherwise;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("attention policy '" + policy + "': " + key + " is '" + text.get()
                    + "', must be "
                    + what, e);
        }
    }

    void checkAllUsed() {
        for (String key : values.keySet()) {
            if (!known.contains(key)) {
                throw new IllegalArgumentException("attention policy '" + policy + "' has no '" + key + "'"
                        + NearestName.of(key, known).map(near -> ": did you mean '" + near + "'?")
                                .orElse(known.isEmpty() ? "; it takes nothing" : "; it takes "
                                + String.join(", ", known)));
            }
        }
    }
}
