package io.heed.data;

/**
 * A text in three parts.
 *
 * @param id         short name, e.g. {@code wordnet}, or the file's name
 * @param train      the part to learn from
 * @param validation the part to evaluate while training
 * @param test       the part to evaluate at the end
 */
public record TextCorpus(String id, String train, String validation, String test) {
    /** Share of a text that validation gets, and again test, if that is enough for one window. */
    private static final int HELD_OUT = 20;

    /**
     * Cuts one text in order: first the training part, then a twentieth for validation and a twentieth for test, more
     * where a twentieth is too short for one window.
     *
     * @param id     short name, which messages use
     * @param text   the whole text
     * @param length tokens in one window, N; every part gets at least N + 1 characters
     * @throws IllegalArgumentException when the text is too short for that
     */
    public static TextCorpus split(String id, String text, int length) {
        int held = Math.max(text.length() / HELD_OUT, 2 * (length + 1));    // twice: a character may be two chars
        int least = 3 * 2 * (length + 1);
        if (text.length() < least) {
            throw new IllegalArgumentException(id + " has " + text.length() + " characters; windows of " + length
                    + " need at least " + least + ": give a longer text or a smaller length");
        }
        int test = boundary(text, text.length() - held);
        int validation = boundary(text, test - held);
        return new TextCorpus(id, text.substring(0, validation), text.substring(validation, test),
                text.substring(test));
    }

    /** The text of one part. */
    public String text(Split split) {
        return switch (split) {
            case TRAIN -> train;
            case VALIDATION -> validation;
            case TEST -> test;
        };
    }

    /** {@code index}, or one less where it would cut a surrogate pair. */
    private static int boundary(String text, int index) {
        return Character.isLowSurrogate(text.charAt(index)) ? index - 1 : index;
    }
}
