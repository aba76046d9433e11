package io.heed.inference.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Python's methods of strings, lists and dictionaries, those that templates use. */
final class Methods {
    private Methods() { }

    /** The method {@code name} of {@code value}; null where there is none. */
    static Values.Callable find(Object value, String name) {
        return switch (value) {
            case String text -> ofText(text, name);
            case Map<?, ?> map -> ofMap(map, name);
            case List<?> list -> ofList(list, name);
            default -> null;
        };
    }

    private static Values.Callable ofText(String text, String name) {
        return switch (name) {
            case "strip" -> (a, _) -> strip(text, a, true, true);
            case "lstrip" -> (a, _) -> strip(text, a, true, false);
            case "rstrip" -> (a, _) -> strip(text, a, false, true);
            case "split" -> (a, _) -> split(text, a, false);
            case "rsplit" -> (a, _) -> split(text, a, true);
            case "splitlines" -> (_, _) -> new ArrayList<Object>(text.lines().toList());
            case "startswith" -> (a, _) -> anyOf(a.getFirst()).stream().anyMatch(text::startsWith);
            case "endswith" -> (a, _) -> anyOf(a.getFirst()).stream().anyMatch(text::endsWith);
            case "upper" -> (_, _) -> text.toUpperCase(Locale.ROOT);
            case "lower" -> (_, _) -> text.toLowerCase(Locale.ROOT);
            case "title" -> (_, _) -> title(text);
            case "capitalize" -> (_, _) -> capitalize(text);
            case "replace" -> (a, _) -> text.replace(Values.text(a.get(0)), Values.text(a.get(1)));
            case "find" -> (a, _) -> (long) text.indexOf(Values.text(a.getFirst()));
            case "count" -> (a, _) -> (long) text.split(Pattern.quote(Values.text(a.getFirst())), -1).length - 1;
            case "join" -> (a, _) -> join(text, Values.items(a.getFirst()));
            case "isdigit" -> (_, _) -> !text.isEmpty() && text.chars().allMatch(Character::isDigit);
            default -> null;
        };
    }

    private static List<String> anyOf(Object value) {
        return value instanceof List<?> list ? list.stream().map(Values::text).toList() : List.of(Values.text(value));
    }

    private static String strip(String text, List<Object> arguments, boolean left, boolean right) {
        String chars = arguments.isEmpty() || arguments.getFirst() == Values.NONE ? null
                : Values.text(arguments.getFirst());
        int from = 0;
        int to = text.length();
        while (left && from < to && strips(text.charAt(from), chars)) {
            from++;
        }
        while (right && to > from && strips(text.charAt(to - 1), chars)) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean strips(char c, String chars) {
        return chars == null ? Character.isWhitespace(c) : chars.indexOf(c) >= 0;
    }

    private static List<Object> split(String text, List<Object> arguments, boolean fromRight) {
        List<Object> parts = new ArrayList<>();
        if (arguments.isEmpty() || arguments.getFirst() == Values.NONE) {
            for (String part : text.strip().split("\\s+")) {
                if (!part.isEmpty()) {
                    parts.add(part);
                }
            }
            return parts;
        }
        String separator = Values.text(arguments.getFirst());
        if (separator.isEmpty()) {
            throw new TemplateException("chat template: split needs a separator that is not empty");
        }
        long most = arguments.size() > 1 ? Values.integer(arguments.get(1)) : -1;
        String rest = text;
        while (most < 0 || parts.size() < most) {
            int at = fromRight ? rest.lastIndexOf(separator) : rest.indexOf(separator);
            if (at < 0) {
                break;
            }
            String before = rest.substring(0, at);
            String after = rest.substring(at + separator.length());
            if (fromRight) {
                parts.addFirst(after);
                rest = before;
            } else {
                parts.add(before);
                rest = after;
            }
        }
        if (fromRight) {
            parts.addFirst(rest);
        } else {
            parts.add(rest);
        }
        return parts;
    }

    static String title(String text) {
        StringBuilder result = new StringBuilder();
        boolean start = true;
        for (char c : text.toCharArray()) {
            result.append(start ? Character.toUpperCase(c) : Character.toLowerCase(c));
            start = !Character.isLetter(c);
        }
        return result.toString();
    }

    static String capitalize(String text) {
        return text.isEmpty() ? text : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1)
                .toLowerCase(Locale.ROOT);
    }

    static String join(String separator, List<Object> items) {
        return String.join(separator, items.stream().map(Values::text).toList());
    }

    private static Values.Callable ofMap(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> (_, _) -> pairs(map);
            case "keys" -> (_, _) -> new ArrayList<Object>(map.keySet());
            case "values" -> (_, _) -> new ArrayList<Object>(map.values());
            case "get" -> (a, _) -> {
                Object value = map.get(a.getFirst());
                return value != null ? value : a.size() > 1 ? a.get(1) : Values.NONE;
            };
            default -> null;
        };
    }

    static List<Object> pairs(Map<?, ?> map) {
        List<Object> pairs = new ArrayList<>();
        map.forEach((key, value) -> pairs.add(List.of(key, value)));
        return pairs;
    }

    private static Values.Callable ofList(List<?> list, String name) {
        return switch (name) {
            case "index" -> (a, _) -> (long) list.indexOf(a.getFirst());
            case "count" -> (a, _) -> list.stream().filter(item -> Values.equal(item, a.getFirst())).count();
            default -> null;
        };
    }
}
