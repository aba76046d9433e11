package io.heed.sequence.lama;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;

import io.heed.data.CounterRandom;
import io.heed.data.Split;
import io.heed.data.WordNet;
import io.heed.tensor.Ops;

/**
 * WordNet's glosses as word numbers with their topic, one of {@link WordNet#TOPICS}: 0 is padding, 1 an unknown word.
 */
final class GlossTopics {
    /** Most words of a gloss. */
    static final int WORDS = 30;

    private static final int MOST_KNOWN = 8000;
    /** Documents about as long as one, that a batch is drawn from. */
    private static final int NEAR = 1024;
    private static final Comparator<Document> BY_LENGTH = Comparator.comparingInt(one -> one.words().length);

    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<Document> train = new ArrayList<>();
    private final List<Document> validation = new ArrayList<>();

    /** A gloss: its words and its topic. */
    record Document(int[] words, int topic) { }

    /**
     * Documents side by side.
     *
     * @param ids    (B, T) int64
     * @param mask   (B, T) bool, true at words
     * @param labels (B) int64
     */
    record Batch(Tensor ids, Tensor mask, Tensor labels) { }

    /** @param limit training glosses to keep, spread evenly; the vocabulary is counted on them */
    GlossTopics(int limit) {
        List<WordNet.Labelled> all = WordNet.labelledGlosses();
        List<WordNet.Labelled> training = all.stream().filter(one -> one.split() == Split.TRAIN).toList();
        double every = Math.max(1, (double) training.size() / limit);
        List<WordNet.Labelled> kept = new ArrayList<>();
        for (double at = 0; at < training.size(); at += every) {
            kept.add(training.get((int) at));
        }
        count(kept);
        kept.forEach(one -> add(train, one));
        train.sort(BY_LENGTH);
        all.stream().filter(one -> one.split() == Split.VALIDATION).forEach(one -> add(validation, one));
    }

    private void count(List<WordNet.Labelled> glosses) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        glosses.forEach(one -> words(one.gloss()).forEach(word -> counts.merge(word, 1, Integer::sum)));
        counts.entrySet().stream().sorted((a, b) -> b.getValue() - a.getValue()).limit(MOST_KNOWN)
                .forEach(entry -> numbers.put(entry.getKey(), numbers.size() + 2));
    }

    private void add(List<Document> to, WordNet.Labelled one) {
        int[] ids = words(one.gloss()).stream().limit(WORDS).mapToInt(word -> numbers.getOrDefault(word, 1)).toArray();
        if (ids.length > 0) {
            to.add(new Document(ids, one.topic()));
        }
    }

    private static List<String> words(String text) {
        return List.of(text.toLowerCase(Locale.ROOT).split("[^a-z0-9]+")).stream().filter(word -> !word.isEmpty())
                .toList();
    }

    /** V. */
    int vocabulary() {
        return numbers.size() + 2;
    }

    /** Training documents. */
    int size() {
        return train.size();
    }

    /** A training batch, drawn anew for every key, of documents about as long, so that little of it is padding. */
    Batch sample(long key, int rows) {
        CounterRandom random = new CounterRandom(key);
        int near = Math.min(NEAR, train.size());
        int first = Math.clamp(random.nextInt(train.size()) - near / 2, 0, train.size() - near);
        List<Document> drawn = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            drawn.add(train.get(first + random.nextInt(near)));
        }
        return batch(drawn);
    }

    /** {@code count} held-out documents, spread evenly, {@code rows} at a time, the shortest first. */
    List<Batch> heldOut(int count, int rows) {
        List<Document> documents = new ArrayList<>();
        double every = Math.max(1, (double) validation.size() / count);
        for (double at = 0; at < validation.size() && documents.size() < count; at += every) {
            documents.add(validation.get((int) at));
        }
        documents.sort(BY_LENGTH);
        List<Batch> batches = new ArrayList<>();
        for (int from = 0; from < documents.size(); from += rows) {
            batches.add(batch(documents.subList(from, Math.min(documents.size(), from + rows))));
        }
        return batches;
    }

    /** As long as its longest document. */
    static Batch batch(List<Document> documents) {
        int length = documents.stream().mapToInt(one -> one.words().length).max().orElseThrow();
        long[] ids = new long[documents.size() * length];
        boolean[] mask = new boolean[ids.length];
        long[] labels = new long[documents.size()];
        for (int row = 0; row < labels.length; row++) {
            int[] words = documents.get(row).words();
            for (int t = 0; t < words.length; t++) {
                ids[row * length + t] = words[t];
                mask[row * length + t] = true;
            }
            labels[row] = documents.get(row).topic();
        }
        return new Batch(Ops.of(ids, labels.length, length), Ops.of(mask, labels.length, length), Ops.of(labels));
    }
}
