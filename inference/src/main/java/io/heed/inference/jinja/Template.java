package io.heed.inference.jinja;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A template, read once and rendered as often as wanted, by several threads too. */
public final class Template {
    private final List<Statement> body;

    private Template(List<Statement> body) {
        this.body = body;
    }

    /** @throws TemplateException in one line when it cannot be read, or uses what is not supported */
    public static Template of(String source) {
        return new Template(Parser.parse(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source));
    }

    /**
     * Renders it.
     *
     * @param names what the template is given: texts, numbers, booleans, null, and lists and maps of them
     * @throws TemplateException in one line when it cannot be rendered, or calls {@code raise_exception}
     */
    public String render(Map<String, Object> names) {
        Scope scope = new Scope(null);
        scope.set("raise_exception", (Values.Callable) (arguments, _) -> {
            throw new TemplateException(Values.text(arguments.getFirst()));
        });
        scope.set("namespace", (Values.Callable) (_, named) -> new LinkedHashMap<Object, Object>(named));
        scope.set("dict", (Values.Callable) (_, named) -> new LinkedHashMap<Object, Object>(named));
        scope.set("range", (Values.Callable) (arguments, _) -> range(arguments));
        scope.set("strftime_now", (Values.Callable) (arguments, _) -> date(Values.text(arguments.getFirst()),
                LocalDateTime.now()));
        names.forEach((name, value) -> scope.set(name, known(value)));
        StringBuilder out = new StringBuilder();
        try {
            new Renderer().run(body, scope, out);
        } catch (ClassCastException | StackOverflowError e) {
            throw new TemplateException("chat template: cannot be rendered with these messages");
        }
        return out.toString();
    }

    private static Object known(Object value) {
        return switch (value) {
            case List<?> list -> {
                List<Object> copy = new ArrayList<>();
                list.forEach(item -> copy.add(known(item)));
                yield copy;
            }
            case Map<?, ?> map -> {
                Map<Object, Object> copy = new LinkedHashMap<>();
                map.forEach((key, item) -> copy.put(key, known(item)));
                yield copy;
            }
            case null, default -> Values.of(value);
        };
    }

    private static List<Object> range(List<Object> arguments) {
        long from = arguments.size() > 1 ? Values.integer(arguments.getFirst()) : 0;
        long to = Values.integer(arguments.get(arguments.size() > 1 ? 1 : 0));
        long step = arguments.size() > 2 ? Values.integer(arguments.get(2)) : 1;
        if (step == 0 || Math.abs((to - from) / step) > 100_000) {
            throw new TemplateException("chat template: a range is too long");
        }
        List<Object> numbers = new ArrayList<>();
        for (long i = from; step > 0 ? i < to : i > to; i += step) {
            numbers.add(i);
        }
        return numbers;
    }

    /** A date as strftime writes it. */
    static String date(String format, LocalDateTime now) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                text.append(c);
                continue;
            }
            text.append(switch (format.charAt(++i)) {
                case 'Y' -> String.valueOf(now.getYear());
                case 'm' -> two(now.getMonthValue());
                case 'd' -> two(now.getDayOfMonth());
                case 'H' -> two(now.getHour());
                case 'M' -> two(now.getMinute());
                case 'S' -> two(now.getSecond());
                case 'b' -> now.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
                case 'B' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
                case 'a' -> now.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
                case 'A' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
                default -> "%" + format.charAt(i);
            });
        }
        return text.toString();
    }

    private static String two(int number) {
        return number < 10 ? "0" + number : String.valueOf(number);
    }
}
