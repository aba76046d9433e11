package io.heed.inference.jinja;

import java.util.HashMap;
import java.util.Map;

/** Names and what they stand for: a loop's body and a macro have their own, over those around them. */
final class Scope {
    private final Scope outer;
    private final Map<String, Object> names = new HashMap<>();

    Scope(Scope outer) {
        this.outer = outer;
    }

    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            Object value = scope.names.get(name);
            if (value != null) {
                return value;
            }
        }
        return Values.UNDEFINED;
    }

    void set(String name, Object value) {
        names.put(name, value);
    }
}
