package io.heed.sequence.graphaware;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.heed.data.TextCorpus;

/**
 * A dictionary's two registers: what defines a word, and the sentences that use it, which stand in quotes.
 *
 * @param definitions the text without what stands in quotes
 * @param examples    the sentences in quotes, one a line
 */
record Registers(TextCorpus definitions, TextCorpus examples) {
    private static final Pattern QUOTED = Pattern.compile("\"([^\"\n]*)\"");

    static Registers of(TextCorpus glosses) {
        return new Registers(
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
