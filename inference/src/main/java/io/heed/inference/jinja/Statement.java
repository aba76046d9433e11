package io.heed.inference.jinja;

import java.util.List;

/** What a template does. */
sealed interface Statement {
    record Text(String text) implements Statement { }

    record Output(Expression value) implements Statement { }

    /** Sets names, or one attribute of a namespace, to a value. */
    record Assign(List<String> names, String attribute, Expression value) implements Statement { }

    /** Sets a name to what a block renders. */
    record Capture(String name, List<Statement> body) implements Statement { }

    /** The first branch whose condition holds; the last may have none. */
    record If(List<Branch> branches) implements Statement { }

    record Branch(Expression condition, List<Statement> body) { }

    /** {@code filter} is null where there is none. */
    record For(List<String> names, Expression items, Expression filter, List<Statement> body, List<Statement> otherwise)
            implements Statement { }

    record Macro(String name, List<String> parameters, List<Expression> defaults, List<Statement> body)
            implements Statement { }

    record Break() implements Statement { }

    record Continue() implements Statement { }
}
