package io.heed.inference.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.ObjectMapper;

/** Jinja's filters and tests, those that templates use. */
final class Filters {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Filters() { }

    static Object apply(String name, Object value, List<Object> arguments, Map<String, Object> named) {
        return switch (name) {
            case "trim" -> Values.text(value).strip();
            case "length", "count" -> value instanceof String s ? (long) s.codePointCount(0, s.length())
                    : (long) Values.items(value).size();
            case "tojson" -> json(value, named.getOrDefault("indent", arguments.isEmpty() ? Values.NONE
                    : arguments.getFirst()));
            case "upper" -> Values.text(value).toUpperCase(Locale.ROOT);
            case "lower" -> Values.text(value).toLowerCase(Locale.ROOT);
            case "title" -> Methods.title(Values.text(value));
            case "capitalize" -> Methods.capitalize(Values.text(value));
            case "join" -> Methods.join(arguments.isEmpty() ? "" : Values.text(arguments.getFirst()),
                    attributes(value, named));
            case "first" -> edge(Values.items(value), true);
            case "last" -> edge(Values.items(value), false);
            case "list" -> Values.items(value);
            case "string" -> Values.text(value);
            case "safe", "escape", "e" -> Values.text(value);
            case "int" -> toInteger(value);
            case "float" -> toFloat(value);
            case "default", "d" -> value == Values.UNDEFINED || arguments.size() > 1 && Values.truth(arguments.get(1))
                    && !Values.truth(value) ? arguments.isEmpty() ? "" : arguments.getFirst() : value;
            case "items" -> value == Values.UNDEFINED ? List.of() : Methods.pairs((Map<?, ?>) value);
            case "dictsort" -> Methods.pairs(new TreeMap<>((Map<?, ?>) value));
            case "replace" -> Values.text(value).replace(Values.text(arguments.get(0)), Values.text(arguments.get(1)));
            case "reverse" -> value instanceof String s ? new StringBuilder(s).reverse().toString()
                    : Values.items(value).reversed();
            case "unique" -> new ArrayList<>(new LinkedHashSet<>(Values.items(value)));
            case "sort" -> sorted(Values.items(value), named);
            case "min" -> Values.items(value).stream().min(Values::compare).orElse(Values.UNDEFINED);
            case "max" -> Values.items(value).stream().max(Values::compare).orElse(Values.UNDEFINED);
            case "sum" -> Values.items(value).stream().reduce(0L, (a, b) -> Evaluator.arithmetic("+", a, b));
            case "abs" -> value instanceof Long n ? (Object) Math.abs(n) : Math.abs((Double) value);
            case "round" -> BigDecimal.valueOf(((Number) value).doubleValue())
                    .setScale(arguments.isEmpty() ? 0 : (int) Values.integer(arguments.getFirst()),
                    RoundingMode.HALF_EVEN)
                    .doubleValue();
            case "indent" -> indent(Values.text(value), arguments, named);
            case "selectattr" -> select(value, arguments, true);
            case "rejectattr" -> select(value, arguments, false);
            case "select" -> choose(value, arguments, true);
            case "reject" -> choose(value, arguments, false);
            case "map" -> mapped(value, arguments, named);
            default -> throw new TemplateException("chat template: filter '" + name + "' is not supported");
        };
    }

    static boolean test(String name, Object value, List<Object> arguments) {
        return switch (name) {
            case "defined" -> value != Values.UNDEFINED;
            case "undefined" -> value == Values.UNDEFINED;
            case "none" -> value == Values.NONE;
            case "string" -> value instanceof String;
            case "number" -> value instanceof Number;
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "boolean" -> value instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "mapping" -> value instanceof Map;
            case "sequence", "iterable" -> value instanceof List || value instanceof String || value instanceof Map;
            case "callable" -> value instanceof Values.Callable;
            case "odd" -> Values.integer(value) % 2 != 0;
            case "even" -> Values.integer(value) % 2 == 0;
            case "divisibleby" -> Values.integer(value) % Values.integer(arguments.getFirst()) == 0;
            case "equalto", "eq", "sameas" -> Values.equal(value, arguments.getFirst());
            case "ne" -> !Values.equal(value, arguments.getFirst());
            case "lt" -> Values.compare(value, arguments.getFirst()) < 0;
            case "gt" -> Values.compare(value, arguments.getFirst()) > 0;
            case "in" -> Values.contains(arguments.getFirst(), value);
            default -> throw new TemplateException("chat template: test '" + name + "' is not supported");
        };
    }

    /** As Python's json.dumps writes it, with blanks after commas and colons. */
    private static String json(Object value, Object indent) {
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter(Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                .withObjectEntrySpacing(indent == Values.NONE ? Separators.Spacing.AFTER : Separators.Spacing.NONE)
                .withArrayValueSpacing(indent == Values.NONE ? Separators.Spacing.AFTER : Separators.Spacing.NONE)
                .withObjectEmptySeparator("").withArrayEmptySeparator(""));
        DefaultPrettyPrinter.Indenter lines = indent == Values.NONE ? new DefaultPrettyPrinter.NopIndenter()
                : new DefaultIndenter(" ".repeat((int) Values.integer(indent)), "\n");
        printer.indentArraysWith(lines);
        printer.indentObjectsWith(lines);
        try {
            return JSON.writer(printer).writeValueAsString(plain(value));
        } catch (JsonProcessingException e) {
            throw new TemplateException("chat template: '" + Values.text(value) + "' has no JSON");
        }
    }

    private static Object plain(Object value) {
        return switch (value) {
            case List<?> list -> list.stream().map(Filters::plain).collect(ArrayList::new, ArrayList::add,
                    ArrayList::addAll);
            case Map<?, ?> map -> {
                Map<Object, Object> copy = new LinkedHashMap<>();
                map.forEach((key, item) -> copy.put(key, plain(item)));
                yield copy;
            }
            default -> value == Values.NONE || value == Values.UNDEFINED ? null : value;
        };
    }

    private static List<Object> attributes(Object value, Map<String, Object> named) {
        List<Object> items = Values.items(value);
        Object attribute = named.get("attribute");
        return attribute == null ? items : items.stream().map(item -> Evaluator.attribute(item, Values.text(attribute)))
                .toList();
    }

    private static Object edge(List<Object> items, boolean first) {
        return items.isEmpty() ? Values.UNDEFINED : first ? items.getFirst() : items.getLast();
    }

    private static Object toInteger(Object value) {
        try {
            return value instanceof Number n ? n.longValue() : Long.parseLong(Values.text(value).strip());
        } catch (NumberFormatException e) {
            return 0L;
        }
    }

    private static Object toFloat(Object value) {
        try {
            return value instanceof Number n ? n.doubleValue() : Double.parseDouble(Values.text(value).strip());
        } catch (NumberFormatException e) {
            return 0.0;
        }
    }

    private static List<Object> sorted(List<Object> items, Map<String, Object> named) {
        Object attribute = named.get("attribute");
        Comparator<Object> order = (a, b) -> attribute == null ? Values.compare(a, b)
                : Values.compare(Evaluator.attribute(a, Values.text(attribute)),
                Evaluator.attribute(b, Values.text(attribute)));
        items.sort(Values.truth(named.getOrDefault("reverse", false)) ? order.reversed() : order);
        return items;
    }

    private static String indent(String text, List<Object> arguments, Map<String, Object> named) {
        Object width = named.getOrDefault("width", arguments.isEmpty() ? 4L : arguments.getFirst());
        boolean first = Values.truth(named.getOrDefault("first", arguments.size() > 1 ? arguments.get(1) : false));
        String blanks = width instanceof Long n ? " ".repeat(Math.toIntExact(n)) : Values.text(width);
        String indented = text.replace("\n", "\n" + blanks).replace("\n" + blanks + "\n", "\n\n");
        return first ? blanks + indented : indented;
    }

    private static List<Object> select(Object value, List<Object> arguments, boolean wanted) {
        String attribute = Values.text(arguments.getFirst());
        return Values.items(value).stream().filter(item -> {
            Object one = Evaluator.attribute(item, attribute);
            boolean holds = arguments.size() < 2 ? Values.truth(one)
                    : test(Values.text(arguments.get(1)), one, arguments.subList(2, arguments.size()));
            return holds == wanted;
        }).collect(ArrayList::new, ArrayList::add, ArrayList::addAll);
    }

    private static List<Object> choose(Object value, List<Object> arguments, boolean wanted) {
        return Values.items(value).stream().filter(item -> wanted == (arguments.isEmpty() ? Values.truth(item)
                : test(Values.text(arguments.getFirst()), item, arguments.subList(1, arguments.size()))))
                .collect(ArrayList::new, ArrayList::add, ArrayList::addAll);
    }

    private static List<Object> mapped(Object value, List<Object> arguments, Map<String, Object> named) {
        if (arguments.isEmpty()) {
            return new ArrayList<>(attributes(value, named));
        }
        return Values.items(value).stream().map(item -> apply(Values.text(arguments.getFirst()), item,
                arguments.subList(1, arguments.size()), named)).collect(ArrayList::new, ArrayList::add,
                ArrayList::addAll);
    }
}
