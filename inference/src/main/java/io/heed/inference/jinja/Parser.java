package io.heed.inference.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.heed.inference.jinja.Expression.Arguments;

/** Builds the tree of a template. */
final class Parser {
    private static final int DEEPEST = 200;

    private final List<Token> tokens;
    private int at;
    private int depth;

    private Parser(List<Token> tokens) {
        this.tokens = tokens;
    }

    static List<Statement> parse(String source) {
        Parser parser = new Parser(Lexer.tokens(source));
        List<Statement> body = parser.body(Set.of());
        if (parser.peek().kind() != Token.Kind.END) {
            throw parser.error("unexpected '" + parser.tokens.get(parser.at + 1).text() + "'");
        }
        return body;
    }

    /** Statements up to one of these tags, which is not consumed, or the end. */
    private List<Statement> body(Set<String> ends) {
        List<Statement> body = new ArrayList<>();
        while (true) {
            Token token = peek();
            switch (token.kind()) {
                case TEXT -> {
                    at++;
                    body.add(new Statement.Text(token.text()));
                }
                case OPEN_OUTPUT -> {
                    at++;
                    body.add(new Statement.Output(expression()));
                    expect(Token.Kind.CLOSE_OUTPUT);
                }
                case OPEN_STATEMENT -> {
                    String name = tokens.get(at + 1).text();
                    if (ends.contains(name)) {
                        return body;
                    }
                    if (name.startsWith("end") || name.equals("else") || name.equals("elif")) {
                        return body;
                    }
                    at++;
                    statement(body);
                }
                default -> {
                    return body;
                }
            }
        }
    }

    private void statement(List<Statement> body) {
        String name = name();
        switch (name) {
            case "set" -> body.add(set());
            case "if" -> body.add(condition());
            case "for" -> body.add(loop());
            case "macro" -> body.add(macro());
            case "break" -> {
                close();
                body.add(new Statement.Break());
            }
            case "continue" -> {
                close();
                body.add(new Statement.Continue());
            }
            case "generation" -> { // marks what the assistant wrote, for training
                close();
                body.addAll(body(Set.of("endgeneration")));
                end("endgeneration");
            }
            default -> throw error("statement '" + name + "' is not supported");
        }
    }

    private Statement set() {
        List<String> names = new ArrayList<>();
        String attribute = null;
        do {
            names.add(name());
        } while (take(","));
        if (take(".")) {
            attribute = name();
        }
        if (take("=")) {
            Expression value = tuple();
            close();
            return new Statement.Assign(names, attribute, value);
        }
        close();
        List<Statement> body = body(Set.of("endset"));
        end("endset");
        return new Statement.Capture(names.getFirst(), body);
    }

    private Statement condition() {
        List<Statement.Branch> branches = new ArrayList<>();
        Expression condition = expression();
        close();
        branches.add(new Statement.Branch(condition, body(Set.of("elif", "else", "endif"))));
        while (true) {
            expect(Token.Kind.OPEN_STATEMENT);
            String name = name();
            if (name.equals("endif")) {
                close();
                return new Statement.If(branches);
            }
            if (!name.equals("elif") && !name.equals("else")) {
                throw error("'" + name + "' does not end an if");
            }
            Expression next = name.equals("elif") ? expression() : null;
            close();
            branches.add(new Statement.Branch(next, body(Set.of("elif", "else", "endif"))));
        }
    }

    private Statement loop() {
        List<String> names = new ArrayList<>();
        do {
            names.add(name());
        } while (take(","));
        if (!name().equals("in")) {
            throw error("a for needs 'in'");
        }
        Expression items = or();
        Expression filter = takeName("if") ? expression() : null;
        takeName("recursive");
        close();
        List<Statement> body = body(Set.of("else", "endfor"));
        List<Statement> otherwise = List.of();
        if (tokens.get(at + 1).text().equals("else")) {
            end("else");
            otherwise = body(Set.of("endfor"));
        }
        end("endfor");
        return new Statement.For(names, items, filter, body, otherwise);
    }

    private Statement macro() {
        String name = name();
        List<String> parameters = new ArrayList<>();
        List<Expression> defaults = new ArrayList<>();
        expectOperator("(");
        while (!take(")")) {
            parameters.add(name());
            defaults.add(take("=") ? expression() : null);
            take(",");
        }
        close();
        List<Statement> body = body(Set.of("endmacro"));
        end("endmacro");
        return new Statement.Macro(name, parameters, defaults, body);
    }

    private void end(String name) {
        expect(Token.Kind.OPEN_STATEMENT);
        if (!name().equals(name)) {
            at--;
            throw error("expected '" + name + "', found '" + peek().text() + "'");
        }
        close();
    }

    private void close() {
        expect(Token.Kind.CLOSE_STATEMENT);
    }

    /** An expression, or several with commas: a list. */
    private Expression tuple() {
        Expression first = expression();
        if (!is(",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (take(",")) {
            items.add(expression());
        }
        return new Expression.ListOf(items);
    }

    private Expression expression() {
        if (++depth > DEEPEST) {
            throw error("expressions are nested too deeply");
        }
        Expression value = or();
        while (takeName("if")) {
            Expression condition = or();
            value = new Expression.Conditional(condition, value, takeName("else") ? expression() : null);
        }
        depth--;
        return value;
    }

    private Expression or() {
        Expression left = and();
        while (takeName("or")) {
            left = new Expression.Binary("or", left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (takeName("and")) {
            left = new Expression.Binary("and", left, not());
        }
        return left;
    }

    private Expression not() {
        return takeName("not") ? new Expression.Unary("not", not()) : comparison();
    }

    private Expression comparison() {
        Expression left = sum();
        while (true) {
            Token token = peek();
            if (token.kind() == Token.Kind.OPERATOR && Set.of("==", "!=", "<", "<=", ">", ">=")
                    .contains(token.text())) {
                at++;
                left = new Expression.Binary(token.text(), left, sum());
            } else if (takeName("in")) {
                left = new Expression.Binary("in", left, sum());
            } else if (token.is(Token.Kind.NAME, "not") && tokens.get(at + 1).is(Token.Kind.NAME, "in")) {
                at += 2;
                left = new Expression.Unary("not", new Expression.Binary("in", left, sum()));
            } else {
                return left;
            }
        }
    }

    private Expression sum() {
        Expression left = product();
        while (is("+") || is("-") || is("~")) {
            String operator = tokens.get(at++).text();
            left = new Expression.Binary(operator, left, product());
        }
        return left;
    }

    private Expression product() {
        Expression left = unary();
        while (is("*") || is("/") || is("//") || is("%")) {
            String operator = tokens.get(at++).text();
            left = new Expression.Binary(operator, left, unary());
        }
        return left;
    }

    private Expression unary() {
        if (is("-") || is("+")) {
            return new Expression.Unary(tokens.get(at++).text(), unary());
        }
        Expression value = postfix(primary());
        value = take("**") ? new Expression.Binary("**", value, unary()) : value;
        return filters(value);
    }

    private Expression filters(Expression value) {
        Expression result = value;
        while (true) {
            if (take("|")) {
                String name = name();
                result = postfix(new Expression.Filter(result, name, is("(") ? arguments() : Arguments.NONE));
            } else if (takeName("is")) {
                boolean negated = takeName("not");
                String name = name();
                result = new Expression.Test(result, name, testArguments(), negated);
            } else {
                return result;
            }
        }
    }

    /** A test takes arguments in brackets, or one right after its name. */
    private Arguments testArguments() {
        if (is("(")) {
            return arguments();
        }
        Token next = peek();
        boolean value = next.kind() == Token.Kind.STRING || next.kind() == Token.Kind.INTEGER || next.kind()
                == Token.Kind.FLOAT
                || next.is(Token.Kind.OPERATOR, "[") || next.kind() == Token.Kind.NAME
                        && !Set.of("and", "or", "if", "else", "is", "in", "not", "recursive").contains(next.text());
        return value ? new Arguments(List.of(postfix(primary())), Map.of()) : Arguments.NONE;
    }

    private Expression postfix(Expression value) {
        Expression result = value;
        while (true) {
            if (take(".")) {
                result = peek().kind() == Token.Kind.INTEGER
                        ? new Expression.Item(result, new Expression.Literal(Long.valueOf(tokens.get(at++).text())))
                        : new Expression.Attribute(result, name());
            } else if (take("[")) {
                result = subscript(result);
            } else if (is("(")) {
                result = new Expression.Call(result, arguments());
            } else {
                return result;
            }
        }
    }

    private Expression subscript(Expression of) {
        Expression from = is(":") ? null : expression();
        if (take("]")) {
            return new Expression.Item(of, from);
        }
        expectOperator(":");
        Expression to = is(":") || is("]") ? null : expression();
        Expression step = take(":") && !is("]") ? expression() : null;
        expectOperator("]");
        return new Expression.Slice(of, from, to, step);
    }

    private Arguments arguments() {
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        expectOperator("(");
        while (!take(")")) {
            if (peek().kind() == Token.Kind.NAME && tokens.get(at + 1).is(Token.Kind.OPERATOR, "=")) {
                String name = name();
                at++;
                named.put(name, expression());
            } else {
                positional.add(expression());
            }
            if (!is(")")) {
                expectOperator(",");
            }
        }
        return new Arguments(positional, named);
    }

    private Expression primary() {
        Token token = peek();
        at++;
        return switch (token.kind()) {
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (peek().kind() == Token.Kind.STRING) {
                    text.append(tokens.get(at++).text());
                }
                yield new Expression.Literal(text.toString());
            }
            case INTEGER -> new Expression.Literal(Long.valueOf(token.text()));
            case FLOAT -> new Expression.Literal(Double.valueOf(token.text()));
            case NAME -> named(token.text());
            case OPERATOR -> switch (token.text()) {
                case "(" -> bracketed();
                case "[" -> new Expression.ListOf(items("]"));
                case "{" -> dictionary();
                default -> throw unexpected();
            };
            default -> throw unexpected();
        };
    }

    private static Expression named(String name) {
        return switch (name) {
            case "true", "True" -> new Expression.Literal(true);
            case "false", "False" -> new Expression.Literal(false);
            case "none", "None" -> new Expression.Literal(Values.NONE);
            default -> new Expression.Name(name);
        };
    }

    private Expression bracketed() {
        if (take(")")) {
            return new Expression.ListOf(List.of());
        }
        Expression first = expression();
        if (take(")")) {
            return first;
        }
        expectOperator(",");
        List<Expression> items = new ArrayList<>(List.of(first));
        items.addAll(items(")"));
        return new Expression.ListOf(items);
    }

    private List<Expression> items(String close) {
        List<Expression> items = new ArrayList<>();
        while (!take(close)) {
            items.add(expression());
            if (!is(close)) {
                expectOperator(",");
            }
        }
        return items;
    }

    private Expression dictionary() {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!take("}")) {
            keys.add(expression());
            expectOperator(":");
            values.add(expression());
            if (!is("}")) {
                expectOperator(",");
            }
        }
        return new Expression.DictOf(keys, values);
    }

    private Token peek() {
        return tokens.get(at);
    }

    private boolean is(String operator) {
        return peek().is(Token.Kind.OPERATOR, operator);
    }

    private boolean take(String operator) {
        boolean found = is(operator);
        at += found ? 1 : 0;
        return found;
    }

    private boolean takeName(String name) {
        boolean found = peek().is(Token.Kind.NAME, name);
        at += found ? 1 : 0;
        return found;
    }

    private String name() {
        if (peek().kind() != Token.Kind.NAME) {
            throw error("expected a name, found '" + peek().text() + "'");
        }
        return tokens.get(at++).text();
    }

    private void expect(Token.Kind kind) {
        if (peek().kind() != kind) {
            throw error("unexpected '" + peek().text() + "'");
        }
        at++;
    }

    private void expectOperator(String operator) {
        if (!take(operator)) {
            throw error("expected '" + operator + "', found '" + peek().text() + "'");
        }
    }

    private TemplateException unexpected() {
        at--;
        return error("unexpected '" + peek().text() + "'");
    }

    private TemplateException error(String what) {
        return new TemplateException("chat template, line " + peek().line() + ": " + what);
    }
}
