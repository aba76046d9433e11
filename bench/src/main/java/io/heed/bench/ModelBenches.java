package io.heed.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

import io.heed.inference.cache.CacheManager;
import io.heed.inference.cache.SequenceCache;
import io.heed.inference.model.CausalModel;
import io.heed.inference.model.Decoder;
import io.heed.kernels.Projection;
import io.heed.kernels.WeightMatrix;

/**
 * A language model of 110 million parameters in float32, the shape of llama2.c's stories110M with random weights:
 * decoding as a share of the rate at which this machine reads memory, the matrix products of prefill as a share of its
 * multiply-add peak.
 */
final class ModelBenches {
    private static final int WIDTH = RandomLlama.WIDTH;
    private static final int HIDDEN = RandomLlama.HIDDEN;
    private static final int PROMPT = 32;
    private static final int TOKENS = 256;

    private ModelBenches() { }

    static List<BenchCase> all() {
        return List.of(new DecodeCase(), new PrefillCase());
    }

    /** One new token of the whole model against a plain sum over the bytes of its weights. */
    private record DecodeCase() implements BenchCase {
        @Override
        public String bench() {
            return "model-decode";
        }

        @Override
        public String shape() {
            return "110M float32";
        }

        @Override
        public BenchResult measure() {
            try (RandomLlama random = RandomLlama.stories110M()) {
                return measure(random);
            }
        }

        private BenchResult measure(RandomLlama random) {
            CausalModel model = random.model();
            Decoder decoder = model.decoder(model.pool(256L << 20), model.dense());
            int[] prompt = new SplittableRandom(1).ints(PROMPT, 0, RandomLlama.VOCABULARY).toArray();
            try (SequenceCache cache = new CacheManager(decoder.pool()).admit(prompt, 1 << 10, false).orElseThrow()) {
                decoder.prefill(List.of(new Decoder.Chunk(cache, prompt, PROMPT)), null);
                MemorySegment[] weights = random.matrices();
                int[] next = {5};
                Timing timing = Timing.interleaved(() -> {
                    if (cache.length() < 1 << 10) {
                        float[] logits = decoder.logits(decoder.decode(List.of(cache), next), 0, 1);
                        next[0] = logits[0] > 0 ? 7 : 8;
                    }
                }, () -> MemoryRead.sum(weights));
                return new BenchResult(bench(), shape(), timing.firstMillis(), String.format(Locale.ROOT,
                        "plain sum over its %d MB of weights", model.bytesPerToken() / 1_000_000),
                        timing.secondMillis(),
                        timing.secondMillis() / timing.firstMillis(), Floors.of(bench(), shape()).orElse(Double.NaN));
            }
        }
    }

    /** The products of one layer for a prompt's chunk against the time that they would take at the peak. */
    private record PrefillCase() implements BenchCase {
        @Override
        public String bench() {
            return "model-prefill";
        }

        @Override
        public String shape() {
            return "110M float32 " + TOKENS + " tokens";
        }

        @Override
        public BenchResult measure() {
            int[][] shapes = {{WIDTH, WIDTH}, {WIDTH, WIDTH}, {WIDTH, WIDTH}, {WIDTH, WIDTH}, {HIDDEN, WIDTH},
                    {HIDDEN, WIDTH},
                {WIDTH, HIDDEN}};
            List<WeightMatrix> layer = new ArrayList<>();
            double operations = 0;
            for (int[] shape : shapes) {
                MemorySegment data = Arena.ofAuto().allocate((long) shape[0] * shape[1] * Float.BYTES, 64);
                RandomLlama.fill(data, layer.size(), 0);
                layer.add(new WeightMatrix(data, WeightMatrix.Type.F32, shape[0], shape[1]));
                operations += 2.0 * shape[0] * shape[1] * TOKENS;
            }
            float[] x = new float[TOKENS * HIDDEN];
            float[] y = new float[TOKENS * HIDDEN];
            Arrays.fill(x, 0.5f);
            double[] peak = {MachinePeak.gigaflops()};
            Timing timing =
                    Timing.interleaved(() -> layer.forEach(weight -> Projection.batch(weight, null, x, TOKENS, y)),
                    () -> peak[0] = Math.max(peak[0], MachinePeak.gigaflops()));
            double limit = operations / peak[0] / 1e6;
            return new BenchResult(bench(), shape(), timing.firstMillis(), String.format(Locale.ROOT,
                    "multiply-add peak of %.0f GFLOP/s", peak[0]), limit, limit / timing.firstMillis(),
                    Floors.of(bench(), shape()).orElse(Double.NaN));
        }
    }
}
