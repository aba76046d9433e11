package io.heed.inference.act;

import java.util.ArrayList;
import java.util.List;

import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.cache.CacheManager;
import io.heed.inference.cache.SequenceCache;
import io.heed.inference.model.CausalModel;
import io.heed.inference.model.Decoder;

/** How well a model predicts texts under a plan of attention. */
final class TextQuality {
    private static final long CACHE_BYTES = 64L << 20;

    private final CausalModel model;

    /**
     * What was measured.
     *
     * @param loss     mean cross-entropy of every token but the first, nats
     * @param accuracy share of tokens that the likeliest prediction was
     */
    record Score(double loss, double accuracy) { }

    TextQuality(CausalModel model) {
        this.model = model;
    }

    Score measure(AttentionPlan plan, List<int[]> texts) {
        Decoder decoder = model.decoder(model.pool(CACHE_BYTES), plan);
        CacheManager caches = new CacheManager(decoder.pool());
        double loss = 0;
        long right = 0;
        long count = 0;
        for (int[] text : texts) {
            try (SequenceCache cache = caches.admit(text, text.length, false).orElseThrow()) {
                float[] stream = decoder.prefill(List.of(new Decoder.Chunk(cache, text, text.length)), null);
                float[] logits = decoder.logits(stream, 0, text.length - 1);
                int vocabulary = logits.length / (text.length - 1);
                for (int i = 1; i < text.length; i++) {
                    int at = (i - 1) * vocabulary;
                    int best = 0;
                    double sum = 0;
                    for (int v = 0; v < vocabulary; v++) {
                        best = logits[at + v] > logits[at + best] ? v : best;
                    }
                    for (int v = 0; v < vocabulary; v++) {
                        sum += Math.exp(logits[at + v] - logits[at + best]);
                    }
                    loss += Math.log(sum) + logits[at + best] - logits[at + text[i]];
                    right += best == text[i] ? 1 : 0;
                    count++;
                }
            }
        }
        return new Score(loss / count, (double) right / count);
    }

    /** Every second text, from the first or from the second on. */
    static List<int[]> half(List<int[]> texts, int first) {
        List<int[]> half = new ArrayList<>();
        for (int i = first; i < texts.size(); i += 2) {
            half.add(texts.get(i));
        }
        return half;
    }
}
