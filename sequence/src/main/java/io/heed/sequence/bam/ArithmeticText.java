package io.heed.sequence.bam;

import io.heed.data.CounterRandom;
import io.heed.data.TextCorpus;

/** A made-up language: sums such as {@code 17+25=42} and balanced brackets, one a line. */
final class ArithmeticText {
    private static final String OPENING = "([{";
    private static final String CLOSING = ")]}";
    private static final int LARGEST = 100;
    private static final int PAIRS = 8;

    private ArithmeticText() { }

    /** {@code lines} lines for training and a tenth as many for each other part. */
    static TextCorpus corpus(int lines) {
        return new TextCorpus("sums and brackets", text(1, lines), text(2, lines / 10), text(3, lines / 10));
    }

    private static String text(long key, int lines) {
        CounterRandom random = new CounterRandom(key);
        StringBuilder text = new StringBuilder();
        for (int line = 0; line < lines; line++) {
            if (random.nextInt(2) == 0) {
                int a = random.nextInt(LARGEST);
                int b = random.nextInt(LARGEST);
                text.append(a).append('+').append(b).append('=').append(a + b);
            } else {
                brackets(text, random, 1 + random.nextInt(PAIRS));
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static void brackets(StringBuilder text, CounterRandom random, int pairs) {
        StringBuilder open = new StringBuilder();
        int left = pairs;
        while (left > 0 || !open.isEmpty()) {
            boolean opens = open.isEmpty() || left > 0 && random.nextInt(2) == 0;
            if (opens) {
                int kind = random.nextInt(OPENING.length());
                text.append(OPENING.charAt(kind));
                open.append(CLOSING.charAt(kind));
                left--;
            } else {
                text.append(open.charAt(open.length() - 1));
                open.setLength(open.length() - 1);
            }
        }
    }
}
