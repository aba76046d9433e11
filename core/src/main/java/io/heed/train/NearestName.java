package io.heed.train;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** The known name that somebody probably meant, for messages about unknown ones. */
public final class NearestName {
    private NearestName() { }

    /**
     * The known name with the least edit distance (insertions, deletions, substitutions, swaps of neighbours; case does
     * not count), if it is near enough to be a slip of the finger: at most a third of the longer name's length, at
     * least 1.
     */
    public static Optional<String> of(String name, Collection<String> known) {
        String best = null;
        int least = Integer.MAX_VALUE;
        for (String candidate : known) {
            int distance = distance(name.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            int allowed = Math.max(1, Math.max(name.length(), candidate.length()) / 3);
            if (distance <= allowed && distance < least) {
                least = distance;
                best = candidate;
            }
        }
        return Optional.ofNullable(best);
    }

    /**
     * The message for a name that is not known: {@code unknown <what>: did you mean '<nearest>'? known: a, b, c}.
     *
     * @param what what is not known, the name included, e.g. {@code mixer 'sofmax'}
     */
    public static String unknown(String what, String name, Collection<String> known) {
        return "unknown " + what + ": " + of(name, known).map(near -> "did you mean '" + near + "'? ").orElse("")
                + (known.isEmpty() ? "there are none" : "known: " + String.join(", ", known));
    }

    private static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
