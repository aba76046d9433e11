package io.heed.inference.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Values as templates see them: String, Long, Double, Boolean, List, Map with text keys, {@link #NONE},
 * {@link #UNDEFINED} and {@link Callable}; with Python's ideas of truth, order and text.
 */
final class Values {
    /** Python's None. */
    static final Object NONE = new Object() {
        @Override
        public String toString() {
            return "None";
        }
    };
    /** What a name that nobody set stands for. */
    static final Object UNDEFINED = new Object() {
        @Override
        public String toString() {
            return "";
        }
    };

    /** Something that can be called. */
    @FunctionalInterface
    interface Callable {
        Object call(List<Object> positional, Map<String, Object> named);
    }

    private Values() { }

    static boolean truth(Object value) {
        return switch (value) {
            case Boolean b -> b;
            case Long n -> n != 0;
            case Double x -> x != 0;
            case String s -> !s.isEmpty();
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            default -> value != NONE && value != UNDEFINED;
        };
    }

    /** As Python prints it. */
    static String text(Object value) {
        return switch (value) {
            case Boolean b -> b ? "True" : "False";
            case List<?> list -> repr(list);
            case Map<?, ?> map -> repr(map);
            default -> String.valueOf(value);
        };
    }

    private static String repr(Object value) {
        StringBuilder text = new StringBuilder();
        switch (value) {
            case String s -> text.append('\'').append(s.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n"))
                    .append('\'');
            case List<?> list -> {
                text.append('[');
                list.forEach(item -> text.append(text.length() > 1 ? ", " : "").append(repr(item)));
                text.append(']');
            }
            case Map<?, ?> map -> {
                text.append('{');
                map.forEach((key, item) -> text.append(text.length() > 1 ? ", " : "").append(repr(key)).append(": ")
                        .append(repr(item)));
                text.append('}');
            }
            default -> text.append(text(value));
        }
        return text.toString();
    }

    static boolean equal(Object a, Object b) {
        return a instanceof Number x && b instanceof Number y ? x.doubleValue() == y.doubleValue() : a.equals(b);
    }

    static int compare(Object a, Object b) {
        if (a instanceof Number x && b instanceof Number y) {
            return Double.compare(x.doubleValue(), y.doubleValue());
        }
        if (a instanceof String x && b instanceof String y) {
            return x.compareTo(y);
        }
        throw new TemplateException("chat template: cannot compare '" + text(a) + "' with '" + text(b) + "'");
    }

    static boolean contains(Object container, Object item) {
        return switch (container) {
            case String s -> s.contains(text(item));
            case List<?> list -> list.stream().anyMatch(one -> equal(one, item));
            case Map<?, ?> map -> map.containsKey(item);
            default -> throw new TemplateException("chat template: 'in' needs a text, a list or a dictionary");
        };
    }

    /** The items that a loop goes over. */
    static List<Object> items(Object value) {
        return switch (value) {
            case List<?> list -> new ArrayList<>(list);
            case Map<?, ?> map -> new ArrayList<>(map.keySet());
            case String s -> new ArrayList<>(s.codePoints().mapToObj(Character::toString).toList());
            default -> {
                if (value == UNDEFINED) {
                    yield List.of();
                }
                throw new TemplateException("chat template: '" + text(value) + "' cannot be looped over");
            }
        };
    }

    static long integer(Object value) {
        if (value instanceof Long n) {
            return n;
        }
        if (value instanceof Boolean b) {
            return b ? 1 : 0;
        }
        throw new TemplateException("chat template: '" + text(value) + "' is no whole number");
    }

    /** A Java value as a template sees it. */
    static Object of(Object value) {
        return switch (value) {
            case null -> NONE;
            case Integer n -> (long) n;
            case Float x -> (double) x;
            default -> value;
        };
    }

    /** Part of a text or list, as Python's slices are. */
    static Object slice(Object value, Object from, Object to, Object step) {
        List<Object> items = items(value);
        long stride = step == NONE ? 1 : integer(step);
        if (stride == 0) {
            throw new TemplateException("chat template: a slice's step must not be 0");
        }
        int size = items.size();
        long first = from == NONE ? stride > 0 ? 0 : size - 1 : bounded(integer(from), size, stride);
        long last = to == NONE ? stride > 0 ? size : -1 : bounded(integer(to), size, stride);
        List<Object> part = new ArrayList<>();
        for (long i = first; stride > 0 ? i < last : i > last; i += stride) {
            part.add(items.get((int) i));
        }
        if (value instanceof String) {
            StringBuilder text = new StringBuilder();
            part.forEach(text::append);
            return text.toString();
        }
        return part;
    }

    private static long bounded(long index, int size, long stride) {
        long i = index < 0 ? index + size : index;
        return stride > 0 ? Math.clamp(i, 0, size) : Math.clamp(i, -1, size - 1);
    }
}
