package io.heed.inference.engine;

/** A request that the engine did not take; the message says why in one line. */
public final class Refusal extends Exception {
    /** What the caller can do about it. */
    public enum Reason {
        /** It can never be served: the prompt is too long, or its cache is larger than the budget. */
        TOO_LARGE,
        /** The queue is full: later there may be room. */
        BUSY,
        /** The engine is shutting down. */
        CLOSING
    }

    private static final long serialVersionUID = 1;

    private final Reason reason;

    Refusal(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** Why. */
    public Reason reason() {
        return reason;
    }
}
