package io.heed.inference.jinja;

import java.util.List;
import java.util.Map;

/** What a template computes. */
sealed interface Expression {
    record Literal(Object value) implements Expression { }

    record Name(String name) implements Expression { }

    record ListOf(List<Expression> items) implements Expression { }

    record DictOf(List<Expression> keys, List<Expression> values) implements Expression { }

    record Attribute(Expression of, String name) implements Expression { }

    record Item(Expression of, Expression key) implements Expression { }

    /** Parts that are not given are null. */
    record Slice(Expression of, Expression from, Expression to, Expression step) implements Expression { }

    record Call(Expression of, Arguments arguments) implements Expression { }

    record Filter(Expression of, String name, Arguments arguments) implements Expression { }

    record Test(Expression of, String name, Arguments arguments, boolean negated) implements Expression { }

    record Unary(String operator, Expression of) implements Expression { }

    record Binary(String operator, Expression left, Expression right) implements Expression { }

    /** {@code otherwise} is null where it is not given. */
    record Conditional(Expression condition, Expression then, Expression otherwise) implements Expression { }

    /** What a call, a filter or a test is given. */
    record Arguments(List<Expression> positional, Map<String, Expression> named) {
        static final Arguments NONE = new Arguments(List.of(), Map.of());
    }
}
