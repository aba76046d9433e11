package io.heed.sequence;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Messages for names that are not known, with the nearest one that is. */
final class Names {
    private Names() { }

    /** {@code unknown <what>: did you mean '<nearest>'? known: a, b, c}. */
    static String unknown(String what, String name, Collection<String> known) {
        StringBuilder message = new StringBuilder("unknown ").append(what).append(": ");
        nearest(name, known).ifPresent(near -> message.append("did you mean '").append(near).append("'? "));
        return message.append(known.isEmpty() ? "there are none" : "known: " + String.join(", ", known)).toString();
    }

    private static Optional<String> nearest(String name, Collection<String> known) {
        int allowed = Math.max(2, name.length() / 3);
        return known.stream().filter(k -> distance(name, k) <= allowed)
                .min(Comparator.comparingInt(k -> distance(name, k)));
    }

    /** Levenshtein's edit distance. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
