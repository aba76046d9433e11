package io.heed.inference.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a template into tokens; whitespace around tags is trimmed as {@code trim_blocks} and {@code lstrip_blocks} have
 * it.
 */
final class Lexer {
    private static final String[] OPERATORS = {"**", "//", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ",",
            ":", ".", "|",
        "~", "+", "-", "*", "/", "%", "<", ">", "="};

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String source) {
        Lexer lexer = new Lexer(source.replace("\r\n", "\n"));
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        boolean stripStart = false;   // the tag before asked for it with -
        boolean trimNewline = false;  // the tag before was a statement or a comment
        while (at < source.length()) {
            int tag = nextTag(at);
            String text = source.substring(at, tag);
            boolean output = tag < source.length() && source.charAt(tag + 1) == '{';
            boolean minus = tag + 2 < source.length() && source.charAt(tag + 2) == '-';
            boolean plus = tag + 2 < source.length() && source.charAt(tag + 2) == '+';
            String shown = text;
            if (stripStart) {
                shown = shown.stripLeading();
            } else if (trimNewline && shown.startsWith("\n")) {
                shown = shown.substring(1);
            }
            if (tag < source.length()) {
                shown = minus ? shown.stripTrailing() : output || plus ? shown : withoutIndent(shown, text, stripStart);
            }
            if (!shown.isEmpty()) {
                tokens.add(new Token(Token.Kind.TEXT, shown, line));
            }
            count(text);
            at = tag;
            if (at == source.length()) {
                break;
            }
            char kind = source.charAt(at + 1);
            at += minus || plus ? 3 : 2;
            if (kind == '#') {
                int end = source.indexOf("#}", at);
                if (end < 0) {
                    throw error("a comment has no end");
                }
                stripStart = end > 0 && source.charAt(end - 1) == '-';
                count(source.substring(at, end));
                at = end + 2;
                trimNewline = true;
            } else {
                stripStart = inside(kind == '{');
                trimNewline = kind == '%';
            }
        }
        tokens.add(new Token(Token.Kind.END, "", line));
    }

    /** Blanks between the line's start and a statement go, if there is nothing else before it on its line. */
    private String withoutIndent(String shown, String text, boolean stripped) {
        int end = shown.length();
        while (end > 0 && (shown.charAt(end - 1) == ' ' || shown.charAt(end - 1) == '\t')) {
            end--;
        }
        boolean lineStart = end > 0 ? shown.charAt(end - 1) == '\n' : startsLine(text, stripped);
        return lineStart ? shown.substring(0, end) : shown;
    }

    private boolean startsLine(String text, boolean stripped) {
        int before = at - 1;
        return before < 0 || !stripped && text.startsWith("\n") || source.charAt(before) == '\n';
    }

    private int nextTag(int from) {
        for (int i = from; i + 1 < source.length(); i++) {
            char next = source.charAt(i + 1);
            if (source.charAt(i) == '{' && (next == '{' || next == '%' || next == '#')) {
                return i;
            }
        }
        return source.length();
    }

    /** Reads up to the end of a tag; whether it ends with -. */
    private boolean inside(boolean output) {
        tokens.add(new Token(output ? Token.Kind.OPEN_OUTPUT : Token.Kind.OPEN_STATEMENT, "", line));
        String close = output ? "}}" : "%}";
        int depth = 0;
        while (true) {
            while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
                line += source.charAt(at++) == '\n' ? 1 : 0;
            }
            if (at >= source.length()) {
                throw error("a tag has no end");
            }
            boolean minus = source.startsWith("-" + close, at);
            if (depth == 0 && (minus || source.startsWith(close, at))) {
                at += minus ? 3 : 2;
                tokens.add(new Token(output ? Token.Kind.CLOSE_OUTPUT : Token.Kind.CLOSE_STATEMENT, "", line));
                return minus;
            }
            char c = source.charAt(at);
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            token(c);
        }
    }

    private void token(char c) {
        int start = at;
        if (c == '"' || c == '\'') {
            string(c);
        } else if (Character.isDigit(c)) {
            boolean fraction = false;
            while (at < source.length() && (Character.isDigit(source.charAt(at)) || source.charAt(at) == '_'
                    || source.charAt(at) == '.' && !fraction && at + 1 < source.length()
                            && Character.isDigit(source.charAt(at + 1)))) {
                fraction |= source.charAt(at++) == '.';
            }
            tokens.add(new Token(fraction ? Token.Kind.FLOAT : Token.Kind.INTEGER, source.substring(start, at)
                    .replace("_", ""),
                    line));
        } else if (Character.isJavaIdentifierStart(c)) {
            while (at < source.length() && Character.isJavaIdentifierPart(source.charAt(at))) {
                at++;
            }
            tokens.add(new Token(Token.Kind.NAME, source.substring(start, at), line));
        } else {
            for (String operator : OPERATORS) {
                if (source.startsWith(operator, at)) {
                    at += operator.length();
                    tokens.add(new Token(Token.Kind.OPERATOR, operator, line));
                    return;
                }
            }
            throw error("unexpected '" + c + "'");
        }
    }

    private void string(char quote) {
        StringBuilder text = new StringBuilder();
        for (at++; ; at++) {
            if (at >= source.length()) {
                throw error("a string has no end");
            }
            char c = source.charAt(at);
            if (c == quote) {
                at++;
                tokens.add(new Token(Token.Kind.STRING, text.toString(), line));
                return;
            }
            line += c == '\n' ? 1 : 0;
            text.append(c == '\\' && at + 1 < source.length() ? escaped() : String.valueOf(c));
        }
    }

    private String escaped() {
        char c = source.charAt(++at);
        return switch (c) {
            case 'n' -> "\n";
            case 't' -> "\t";
            case 'r' -> "\r";
            case '\\', '\'', '"' -> String.valueOf(c);
            case 'u', 'x' -> {
                int digits = c == 'u' ? 4 : 2;
                if (at + digits >= source.length()) {
                    throw error("a string has no end");
                }
                String hex = source.substring(at + 1, at + 1 + digits);
                at += digits;
                try {
                    yield String.valueOf((char) Integer.parseInt(hex, 16));
                } catch (NumberFormatException e) {
                    throw error("'\\" + c + hex + "' is no character");
                }
            }
            default -> "\\" + c;
        };
    }

    private void count(String text) {
        line += (int) text.chars().filter(c -> c == '\n').count();
    }

    private TemplateException error(String what) {
        return new TemplateException("chat template, line " + line + ": " + what);
    }
}
