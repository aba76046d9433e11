package io.heed.sequence.gaussian;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;

import io.heed.data.Split;
import io.heed.data.WordNet;
import io.heed.nn.AttentionObserver;
import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.sequence.Backbone;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;
import io.heed.tensor.Ops;

/**
 * The frozen encoder of the study: six layers of softmax attention over the words of a WordNet noun and its gloss,
 * trained to name the noun's category. All layers' outputs, averaged over time, are what the classifiers of other
 * categories get.
 */
final class GlossEncoder extends Module {
    static final int LAYERS = 6;
    static final int WIDTH = 64;
    /** Words of a text. */
    static final int LENGTH = 16;

    /** Buckets of words; 0 is for texts that are shorter. */
    private static final int BUCKETS = 4096;
    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}'-]+");

    private final EmbeddingImpl embedding;
    private final Backbone backbone;
    private final LinearImpl head;

    GlossEncoder(int classes) {
        super("GlossEncoder");
        embedding = register_module("embedding", new EmbeddingImpl(BUCKETS, WIDTH));
        backbone = register_module("backbone", new Backbone(new BackboneConfig(WIDTH, LAYERS, 2, 2, LENGTH, 2L * WIDTH,
                BackboneConfig.NormKind.LAYER_NORM, BackboneConfig.MlpKind.GELU, 0, false,
                List.of(MixerSpec.parse("softmax")))));
        Initialisation.fanIn(backbone);
        head = register_module("head", Initialisation.linear(WIDTH, classes, true));
    }

    /** Tokens (B, N) to logits (B, classes). */
    Tensor forward(Tensor tokens) {
        return head.forward(pooled(backbone.forward(embedding.forward(tokens), MixerContext.plain())));
    }

    /** Tokens (S, N) to the layers' outputs averaged over time, (S, layers, D), without a gradient graph. */
    Tensor features(Tensor tokens) {
        List<Tensor> chunks = new ArrayList<>();
        try (NoGradGuard _ = new NoGradGuard()) {
            for (long from = 0; from < tokens.size(0); from += 128) {
                List<Tensor> layers = new ArrayList<>();
                MixerContext watching = MixerContext.of(Form.AUTO).withObserver(new AttentionObserver() {
                    @Override
                    public Tensor hidden(int layer, Tensor hidden) {
                        if (layer > 0) {
                            layers.add(pooled(hidden));
                        }
                        return hidden;
                    }
                });
                Tensor part = tokens.narrow(0, from, Math.min(128, tokens.size(0) - from));
                backbone.forward(embedding.forward(part), watching);
                chunks.add(Ops.stack(1, layers.toArray(Tensor[]::new)));
            }
            return Ops.cat(0, chunks.toArray(Tensor[]::new));
        }
    }

    private static Tensor pooled(Tensor hidden) {
        return hidden.mean(new long[] {1}, false, new ScalarTypeOptional());
    }

    /**
     * Glosses as tokens with labels, those for training first.
     *
     * @param tokens  (S, N)
     * @param labels  (S)
     * @param trained examples for training
     * @param classes categories
     */
    record Examples(Tensor tokens, Tensor labels, int trained, int classes) { }

    /**
     * Up to {@code train} and {@code test} glosses of every second one of the 16 most frequent categories, from the
     * first or the second of them.
     */
    static Examples examples(int first, int train, int test) {
        List<WordNet.Noun> nouns = WordNet.nouns();
        Map<Integer, Long> counts = nouns.stream().collect(Collectors.groupingBy(WordNet.Noun::category,
                LinkedHashMap::new, Collectors.counting()));
        List<Integer> frequent = counts.entrySet().stream()
                .sorted(Map.Entry.<Integer, Long>comparingByValue(Comparator.reverseOrder())).limit(16)
                .map(Map.Entry::getKey).toList();
        Map<Integer, Integer> labels = new LinkedHashMap<>();
        for (int i = first; i < frequent.size(); i += 2) {
            labels.put(frequent.get(i), labels.size());
        }
        List<WordNet.Noun> chosen = new ArrayList<>(spread(nouns, labels, Split.TRAIN, train));
        int trained = chosen.size();
        chosen.addAll(spread(nouns, labels, Split.VALIDATION, test));
        long[] tokens = new long[chosen.size() * LENGTH];
        long[] targets = new long[chosen.size()];
        for (int i = 0; i < targets.length; i++) {
            Matcher words = WORD.matcher(chosen.get(i).text().toLowerCase(Locale.ROOT));
            for (int t = 0; t < LENGTH && words.find(); t++) {
                tokens[i * LENGTH + t] = 1 + Math.floorMod(words.group().hashCode(), BUCKETS - 1);
            }
            targets[i] = labels.get(chosen.get(i).category());
        }
        try (PointerScope scope = new PointerScope()) {
            Tensor ids = Ops.of(tokens, targets.length, LENGTH);
            Tensor classes = Ops.of(targets);
            ids.retainReference();
            classes.retainReference();
            return new Examples(ids, classes, trained, labels.size());
        }
    }

    /** About {@code count} nouns of these categories, spread evenly over the database, an equal number of each. */
    private static List<WordNet.Noun> spread(List<WordNet.Noun> nouns, Map<Integer, Integer> labels, Split split,
                                             int count) {
        List<WordNet.Noun> chosen = new ArrayList<>();
        for (int category : labels.keySet()) {
            List<WordNet.Noun> all = nouns.stream()
                    .filter(noun -> noun.category() == category && noun.split() == split).toList();
            int take = Math.min(all.size(), count / labels.size());
            for (int i = 0; i < take; i++) {
                chosen.add(all.get((int) ((long) i * all.size() / take)));
            }
        }
        return chosen;
    }
}
