package io.heed.inference.jinja;

/** A piece of a template: text between tags, or a part of an expression inside one. */
record Token(Kind kind, String text, int line) {
    enum Kind {
        TEXT, OPEN_OUTPUT, CLOSE_OUTPUT, OPEN_STATEMENT, CLOSE_STATEMENT, NAME, STRING, INTEGER, FLOAT, OPERATOR, END
    }

    boolean is(Kind wanted, String value) {
        return kind == wanted && text.equals(value);
    }
}
