package io.heed.sequence;

import java.util.Collection;

import io.heed.train.NearestName;

/** Messages for names that are not known, with the nearest one that is. */
final class Names {
    private Names() { }

    /** {@code unknown <what>: did you mean '<nearest>'? known: a, b, c}. */
    static String unknown(String what, String name, Collection<String> known) {
        StringBuilder message = new StringBuilder("unknown ").append(what).append(": ");
        NearestName.of(name, known).ifPresent(near -> message.append("did you mean '").append(near).append("'? "));
        return message.append(known.isEmpty() ? "there are none" : "known: " + String.join(", ", known)).toString();
    }
}
