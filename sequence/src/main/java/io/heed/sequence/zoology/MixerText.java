package io.heed.sequence.zoology;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A mixer as a golden model's config writes it: a name, then pairs of an option and its number,
 * {@code BaseConv kernel 3}.
 *
 * @param name    in lower case without punctuation
 * @param options by name in lower case
 */
record MixerText(String name, Map<String, Double> options) {
    static MixerText parse(String text) {
        String[] words = text.strip().split("[\\s,;:=()]+");
        Map<String, Double> options = new LinkedHashMap<>();
        for (int i = 1; i < words.length; i++) {
            try {
                options.put(words[i - 1].toLowerCase(Locale.ROOT), Double.parseDouble(words[i]));
            } catch (NumberFormatException _) {
                // the name of an option, whose number follows
            }
        }
        return new MixerText(words[0].toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", ""), options);
    }

    /** The number of the first option of these names that is given, or {@code standard}. */
    int integer(int standard, String... names) {
        for (String option : names) {
            if (options.containsKey(option)) {
                return options.get(option).intValue();
            }
        }
        return standard;
    }
}
