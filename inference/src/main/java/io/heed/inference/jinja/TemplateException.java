package io.heed.inference.jinja;

/** A template that cannot be read or rendered, or that refused its input itself; the message is one line. */
public final class TemplateException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    public TemplateException(String message) {
        super(message);
    }
}
