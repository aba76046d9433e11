package io.heed.bench;

import java.net.URL;
import java.util.List;
import java.util.SplittableRandom;

import io.heed.inference.cache.CacheManager;
import io.heed.inference.cache.SequenceCache;
import io.heed.inference.model.CausalModel;
import io.heed.inference.model.Decoder;

/**
 * Greedy decoding of the same random Llama of 110 million parameters, in float32, by Jlama, with its library in C and
 * with its Vector API form.
 */
final class JlamaBenches {
    /** Tokens of one run: long enough that handing over from one side to the other does not count. */
    private static final int TOKENS = 8;
    private static final int CONTEXT = 512;
    private static final int COMPARED = 24;
    /** Of logits that are sums of 768 products after 12 layers, relative to the largest. */
    private static final double TOLERANCE = 1e-3;

    private JlamaBenches() { }

    static List<BenchCase> all() {
        return List.of(new JlamaCase(true), new JlamaCase(false));
    }

    private record JlamaCase(boolean withNative) implements BenchCase {
        @Override
        public String bench() {
            return "model-decode-jlama";
        }

        @Override
        public String shape() {
            return "110M float32 " + (withNative ? "native" : "Vector API");
        }

        @Override
        public BenchResult measure() throws Unavailable {
            URL[] jars = JlamaJars.urls(withNative);
            try (RandomLlama random = RandomLlama.stories110M(); Ours ours = new Ours(random.model());
                    Jlama jlama = new Jlama(jars, random.folder(), withNative)) {
                compare(ours, jlama);
                int[] next = {5, 5};
                Timing timing = Timing.interleaved(() -> {
                    for (int i = 0; i < TOKENS; i++) {
                        next[0] = ours.next(next[0]);
                    }
                }, () -> {
                    if (jlama.length() + TOKENS > CONTEXT) {
                        jlama.restart();
                    }
                    for (int i = 0; i < TOKENS; i++) {
                        next[1] = jlama.next(next[1]);
                    }
                });
                return new BenchResult(bench(), shape(), timing.firstMillis() / TOKENS, "Jlama " + JlamaJars.VERSION,
                        timing.secondMillis() / TOKENS, timing.secondMillis() / timing.firstMillis(),
                        Floors.of(bench(), shape()).orElse(Double.NaN));
            }
        }

        private void compare(Ours ours, Jlama jlama) {
            int[] tokens = new SplittableRandom(1).ints(COMPARED, 0, RandomLlama.VOCABULARY).toArray();
            for (int token : tokens) {
                ours.next(token);
                jlama.next(token);
                float largest = 0;
                float difference = 0;
                float[] theirs = jlama.logits();
                for (int i = 0; i < theirs.length; i++) {
                    largest = Math.max(largest, Math.abs(theirs[i]));
                    difference = Math.max(difference, Math.abs(theirs[i] - ours.logits[i]));
                }
                if (!(difference <= TOLERANCE * largest)) {
                    throw new IllegalStateException(bench() + " " + shape() + ": logits differ from Jlama's by "
                            + difference + ", the largest is " + largest);
                }
            }
        }
    }

    /** Heed's side: one sequence after the other. */
    private static final class Ours implements AutoCloseable {
        private final Decoder decoder;
        private final CacheManager caches;
        private SequenceCache cache;
        private float[] logits;

        Ours(CausalModel model) {
            decoder = model.decoder(model.pool(256L << 20), model.dense());
            caches = new CacheManager(decoder.pool());
            restart();
        }

        private void restart() {
            cache = caches.admit(new int[] {1}, CONTEXT, false).orElseThrow();
        }

        int next(int token) {
            if (cache.length() == CONTEXT) {
                cache.close();
                restart();
            }
            logits = decoder.logits(decoder.decode(List.of(cache), new int[] {token}), 0, 1);
            int best = 0;
            for (int i = 1; i < logits.length; i++) {
                best = logits[i] > logits[best] ? i : best;
            }
            return best;
        }

        @Override
        public void close() {
            cache.close();
        }
    }
}
