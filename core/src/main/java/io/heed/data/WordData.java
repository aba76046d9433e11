package io.heed.data;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Windows of N words of a text: the V - 1 most frequent words and punctuation marks of the training part, in lower
 * case, and 0 for all others. Each position's target is the next word.
 */
public final class WordData implements SequenceData {
    /** The token of a word that is not among the frequent ones. */
    public static final int UNKNOWN = 0;

    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}'-]+|[^\\s\\p{L}\\p{N}]");

    private final String id;
    private final int vocabulary;
    private final TokenWindows windows;
    private final int[][] tokens = new int[Split.values().length][];

    /**
     * @param corpus     the text
     * @param vocabulary V
     * @param length     N, words in a window
     * @throws IllegalArgumentException when a part is shorter than N + 1 words
     */
    public WordData(TextCorpus corpus, int vocabulary, int length) {
        this.id = corpus.id() + " words";
        this.vocabulary = vocabulary;
        this.windows = new TokenWindows(length);
        Map<String, Integer> numbers = numbers(corpus.train(), vocabulary);
        for (Split split : Split.values()) {
            int[] words = WORD.matcher(corpus.text(split).toLowerCase(Locale.ROOT)).results()
                    .mapToInt(word -> numbers.getOrDefault(word.group(), UNKNOWN)).toArray();
            if (words.length < length + 1) {
                throw new IllegalArgumentException("a part of " + corpus.id() + " has " + words.length
                        + " words; a window of " + length + " needs " + (length + 1) + ": give a longer text");
            }
            tokens[split.ordinal()] = words;
            windows.put(split, words.length, place -> words[place]);
        }
    }

    private static Map<String, Integer> numbers(String text, int vocabulary) {
        Map<String, Integer> counts = new HashMap<>();
        Matcher matcher = WORD.matcher(text.toLowerCase(Locale.ROOT));
        while (matcher.find()) {
            counts.merge(matcher.group(), 1, Integer::sum);
        }
        Map<String, Integer> numbers = new HashMap<>();
        counts.entrySet().stream().sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                .thenComparing(Map.Entry.comparingByKey())).limit(vocabulary - 1L)
                .forEach(entry -> numbers.put(entry.getKey(), numbers.size() + 1));
        return numbers;
    }

    /** How often each pair of neighbouring words occurs in a part, by {@code first * V + second}. */
    public Map<Long, Integer> bigrams(Split split) {
        Map<Long, Integer> counts = new HashMap<>();
        int[] words = tokens[split.ordinal()];
        for (int i = 1; i < words.length; i++) {
            counts.merge((long) words[i - 1] * vocabulary + words[i], 1, Integer::sum);
        }
        return counts;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public int vocabularySize() {
        return vocabulary;
    }

    @Override
    public int length() {
        return windows.length();
    }

    @Override
    public SequenceBatch sample(Split split, int rows, long key) {
        return windows.sample(split, rows, key);
    }

    @Override
    public long windows(Split split) {
        return windows.windows(split);
    }

    @Override
    public SequenceBatch window(Split split, long first, int rows) {
        return windows.window(split, first, rows);
    }
}
