package io.heed.cli.compare;

import java.util.List;

import io.heed.train.NearestName;

/** The message for a name that is not known. */
final class Unknown {
    private Unknown() { }

    /** {@code unknown task 'tex': did you mean 'text'? known: text, mqar}. */
    static String name(String kind, String name, List<String> known) {
        return "unknown " + kind + " '" + name + "': "
                + NearestName.of(name, known).map(near -> "did you mean '" + near + "'? ").orElse("")
                + "known: " + String.join(", ", known);
    }
}
