package io.heed.data;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A dictionary's two registers: what defines a word, and the sentences that use it, which stand in quotes.
 *
 * @param definitions the text without what stands in quotes
 * @param examples    the sentences in quotes, one a line
 */
public record DictionaryRegisters(TextCorpus definitions, TextCorpus examples) {
    private static final Pattern QUOTED = Pattern.compile("\"([^\"\n]*)\"");

    /** Takes the glosses of {@link WordNet} apart, part by part. */
    public static DictionaryRegisters of(TextCorpus glosses) {
        return new DictionaryRegisters(
                new TextCorpus("definitions", definitions(glosses.train()), definitions(glosses.validation()),
                        definitions(glosses.test())),
                new TextCorpus("examples", examples(glosses.train()), examples(glosses.validation()),
                        examples(glosses.test())));
    }

    private static String definitions(String text) {
        return QUOTED.matcher(text).replaceAll("").replaceAll("[; ]+\n", "\n");
    }

    private static String examples(String text) {
        StringBuilder examples = new StringBuilder();
        for (Matcher matcher = QUOTED.matcher(text); matcher.find(); ) {
            examples.append(matcher.group(1)).append('\n');
        }
        return examples.toString();
    }
}
