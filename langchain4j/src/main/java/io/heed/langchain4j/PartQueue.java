package io.heed.langchain4j;

import java.util.concurrent.LinkedBlockingQueue;

import io.heed.inference.engine.FinishReason;
import io.heed.inference.text.TextModel;

/** Carries an answer's parts from the engine's thread, which must not wait, to another one. */
final class PartQueue implements TextModel.TextListener {
    private static final String END = "";

    private final LinkedBlockingQueue<String> parts = new LinkedBlockingQueue<>();
    private volatile FinishReason reason;
    private volatile Throwable failure;

    @Override
    public void text(String text) {
        parts.add(text);
    }

    @Override
    public void end(FinishReason why, Throwable thrown) {
        reason = why;
        failure = thrown;
        parts.add(END);
    }

    /** The next part; null at the end. */
    String next() throws InterruptedException {
        String part = parts.take();
        return part.isEmpty() ? null : part;
    }

    FinishReason reason() {
        return reason;
    }

    Throwable failure() {
        return failure;
    }
}
