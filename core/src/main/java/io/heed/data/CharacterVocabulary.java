package io.heed.data;

import java.util.Arrays;

/**
 * Tokens are Unicode characters (code points): token 0 is unknown, token i is the i-th of the known characters in
 * ascending order.
 *
 * @param characters the known characters, ascending, without repeats
 */
public record CharacterVocabulary(String characters) implements Vocabulary {
    /** @throws IllegalArgumentException when the characters are not strictly ascending */
    public CharacterVocabulary {
        int[] points = characters.codePoints().toArray();
        for (int i = 1; i < points.length; i++) {
            if (points[i] <= points[i - 1]) {
                throw new IllegalArgumentException("characters must be strictly ascending; U+"
                        + Integer.toHexString(points[i]) + " follows U+" + Integer.toHexString(points[i - 1]));
            }
        }
    }

    /** The vocabulary of all characters in {@code text}. */
    public static CharacterVocabulary of(String text) {
        return new CharacterVocabulary(text.codePoints().distinct().sorted()
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString());
    }

    @Override
    public int size() {
        return 1 + characters.codePointCount(0, characters.length());
    }

    @Override
    public int[] encode(String text) {
        int[] known = characters.codePoints().toArray();
        return text.codePoints().map(point -> Math.max(-1, Arrays.binarySearch(known, point)) + 1).toArray();
    }

    @Override
    public String decode(int[] tokens) {
        int[] known = characters.codePoints().toArray();
        StringBuilder text = new StringBuilder();
        for (int token : tokens) {
            text.appendCodePoint(token >= 1 && token <= known.length ? known[token - 1] : 0xFFFD);
        }
        return text.toString();
    }
}
