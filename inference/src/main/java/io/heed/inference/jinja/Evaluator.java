package io.heed.inference.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

import io.heed.inference.jinja.Expression.Arguments;

/** Computes expressions in the scope of one rendering. */
final class Evaluator {
    private final Scope scope;

    Evaluator(Scope scope) {
        this.scope = scope;
    }

    Object value(Expression expression) {
        return switch (expression) {
            case Expression.Literal literal -> literal.value();
            case Expression.Name name -> scope.get(name.name());
            case Expression.ListOf list -> values(list.items());
            case Expression.DictOf dict -> {
                Map<Object, Object> map = new LinkedHashMap<>();
                for (int i = 0; i < dict.keys().size(); i++) {
                    map.put(value(dict.keys().get(i)), value(dict.values().get(i)));
                }
                yield map;
            }
            case Expression.Attribute attribute -> {
                Object of = value(attribute.of());
                if (of == Values.UNDEFINED) {
                    throw new TemplateException("chat template: '" + attribute.name()
                            + "' of something that is not defined");
                }
                yield attribute(of, attribute.name());
            }
            case Expression.Item item -> item(value(item.of()), value(item.key()));
            case Expression.Slice slice -> Values.slice(value(slice.of()), optional(slice.from()), optional(slice.to()),
                    optional(slice.step()));
            case Expression.Call call -> call(value(call.of()), call.arguments());
            case Expression.Filter filter -> Filters.apply(filter.name(), value(filter.of()),
                    values(filter.arguments().positional()), named(filter.arguments()));
            case Expression.Test test -> Filters.test(test.name(), value(test.of()),
                    values(test.arguments().positional()))
                    != test.negated();
            case Expression.Unary unary -> unary(unary.operator(), value(unary.of()));
            case Expression.Binary binary -> binary(binary);
            case Expression.Conditional conditional -> Values.truth(value(conditional.condition()))
                    ? value(conditional.then())
                    : conditional.otherwise() == null ? Values.UNDEFINED : value(conditional.otherwise());
        };
    }

    private Object optional(Expression expression) {
        return expression == null ? Values.NONE : value(expression);
    }

    private List<Object> values(List<Expression> expressions) {
        List<Object> values = new ArrayList<>();
        expressions.forEach(one -> values.add(value(one)));
        return values;
    }

    private Map<String, Object> named(Arguments arguments) {
        Map<String, Object> named = new LinkedHashMap<>();
        arguments.named().forEach((name, expression) -> named.put(name, value(expression)));
        return named;
    }

    private Object call(Object of, Arguments arguments) {
        if (!(of instanceof Values.Callable callable)) {
            throw new TemplateException("chat template: '" + Values.text(of) + "' cannot be called");
        }
        try {
            return callable.call(values(arguments.positional()), named(arguments));
        } catch (IndexOutOfBoundsException | NoSuchElementException e) {
            throw new TemplateException("chat template: a call has too few arguments");
        }
    }

    /** A dictionary's entry comes before its methods, as Jinja has it for names after a dot. */
    static Object attribute(Object of, String name) {
        if (of instanceof Map<?, ?> map && map.containsKey(name)) {
            return map.get(name);
        }
        Values.Callable method = Methods.find(of, name);
        return method == null ? Values.UNDEFINED : method;
    }

    private static Object item(Object of, Object key) {
        if (of instanceof Map<?, ?> map) {
            Object value = map.get(key);
            return value == null ? key instanceof String name ? attribute(of, name) : Values.UNDEFINED : value;
        }
        if (of instanceof List || of instanceof String) {
            if (!(key instanceof Long)) {
                return key instanceof String name ? attribute(of, name) : Values.UNDEFINED;
            }
            List<Object> items = Values.items(of);
            long index = Values.integer(key);
            long i = index < 0 ? index + items.size() : index;
            return i < 0 || i >= items.size() ? Values.UNDEFINED : items.get((int) i);
        }
        if (of == Values.UNDEFINED) {
            throw new TemplateException("chat template: '" + Values.text(key) + "' of something that is not defined");
        }
        return Values.UNDEFINED;
    }

    private static Object unary(String operator, Object value) {
        return switch (operator) {
            case "not" -> !Values.truth(value);
            case "-" -> value instanceof Double x ? (Object) (-x) : (Object) (-Values.integer(value));
            default -> value;
        };
    }

    private Object binary(Expression.Binary binary) {
        Object left = value(binary.left());
        switch (binary.operator()) {
            case "and" -> {
                return Values.truth(left) ? value(binary.right()) : left;
            }
            case "or" -> {
                return Values.truth(left) ? left : value(binary.right());
            }
            default -> { }
        }
        Object right = value(binary.right());
        return switch (binary.operator()) {
            case "==" -> Values.equal(left, right);
            case "!=" -> !Values.equal(left, right);
            case "<" -> Values.compare(left, right) < 0;
            case "<=" -> Values.compare(left, right) <= 0;
            case ">" -> Values.compare(left, right) > 0;
            case ">=" -> Values.compare(left, right) >= 0;
            case "in" -> Values.contains(right, left);
            case "~" -> Values.text(left) + Values.text(right);
            default -> arithmetic(binary.operator(), left, right);
        };
    }

    static Object arithmetic(String operator, Object left, Object right) {
        if (operator.equals("+") && left instanceof String a && right instanceof String b) {
            return a + b;
        }
        if (operator.equals("+") && left instanceof List<?> a && right instanceof List<?> b) {
            List<Object> both = new ArrayList<>(a);
            both.addAll(b);
            return both;
        }
        if (operator.equals("*") && left instanceof String text && right instanceof Long times) {
            return text.repeat(Math.toIntExact(Math.clamp(times, 0, 100_000)));
        }
        if (!(left instanceof Number x) || !(right instanceof Number y)) {
            throw new TemplateException("chat template: '" + Values.text(left) + "' " + operator + " '"
                    + Values.text(right)
                    + "' cannot be computed");
        }
        boolean whole = left instanceof Long && right instanceof Long;
        if (whole && !operator.equals("/") && !(operator.equals("**") && y.longValue() < 0)) {
            return whole(operator, x.longValue(), y.longValue());
        }
        double a = x.doubleValue();
        double b = y.doubleValue();
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> Math.floor(a / b);
            case "%" -> a - b * Math.floor(a / b);
            default -> Math.pow(a, b);
        };
    }

    private static Object whole(String operator, long a, long b) {
        if (b == 0 && (operator.equals("//") || operator.equals("%"))) {
            throw new TemplateException("chat template: division by zero");
        }
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "//" -> Math.floorDiv(a, b);
            case "%" -> Math.floorMod(a, b);
            default -> (long) Math.pow(a, b);
        };
    }
}
