package io.heed.cli.train;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

import io.heed.data.Vocabulary;

/** Prints tokens as they come. Bytes of a character that is not whole yet are held back. */
public final class TextStream implements IntPredicate {
    /** A character of UTF-8 has at most four bytes: what is longer and still not whole will never be. */
    private static final int LONGEST = 4;

    private final Vocabulary vocabulary;
    private final PrintWriter out;
    private final List<Integer> held = new ArrayList<>();

    /** Prints to {@code out}, flushed after every character. */
    public TextStream(Vocabulary vocabulary, PrintWriter out) {
        this.vocabulary = vocabulary;
        this.out = out;
    }

    @Override
    public boolean test(int token) {
        held.add(token);
        String text = text();
        if (!text.contains("\ufffd") || held.size() >= LONGEST) {
            out.print(text);
            out.flush();
            held.clear();
        }
        return true;
    }

    /** Prints what is held back. */
    public void finish() {
        if (!held.isEmpty()) {
            out.print(text());
            held.clear();
        }
        out.flush();
    }

    private String text() {
        return vocabulary.decode(held.stream().mapToInt(Integer::intValue).toArray());
    }
}
