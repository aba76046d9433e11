package io.heed.inference.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.heed.inference.TinyModel;
import io.heed.inference.attention.AttentionOptions;
import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.cache.CacheManager;
import io.heed.inference.cache.SequenceCache;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class DecoderTest {
    private static final long CACHE = 8L << 20;

    @TempDir
    private Path folder;

    static Stream<TinyModel> models() {
        return Stream.of(TinyModel.of("llama"), TinyModel.of("mistral").with("sliding_window", 9),
                TinyModel.of("qwen2"),
                TinyModel.of("qwen2").with("use_sliding_window", true).with("sliding_window", 5)
                .with("max_window_layers", 1),
                TinyModel.of("qwen3"), TinyModel.of("gpt2"), TinyModel.of("gpt2")
                .with("scale_attn_by_inverse_layer_idx", true),
                TinyModel.of("gpt2").with("activation_function", "gelu"),
                TinyModel.of("llama").as(ScalarType.BFloat16), TinyModel.of("llama").as(ScalarType.Half),
                TinyModel.of("llama").with("tie_word_embeddings", true).without("lm_head.weight"),
                TinyModel.of("llama").with("rope_scaling", Map.of("type", "linear", "factor", 4.0)),
                TinyModel.of("llama").with("max_position_embeddings", 16)
                        .with("rope_scaling", Map.of("rope_type", "dynamic", "factor", 4.0)),
                TinyModel.of("llama")
                .with("rope_scaling", Map.of("rope_type", "llama3", "factor", 8.0, "low_freq_factor", 1.0,
                        "high_freq_factor", 4.0, "original_max_position_embeddings", 64)),
                TinyModel.of("llama").with("rope_scaling", Map.of("rope_type", "yarn", "factor", 4.0,
                        "original_max_position_embeddings", 32)));
    }

    private static int[] tokens(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return random.ints(count, 3, TinyModel.VOCABULARY).toArray();
    }

    private static SequenceCache cache(Decoder decoder, int length) {
        return new CacheManager(decoder.pool()).admit(new int[length], length, false).orElseThrow();
    }

    /** Logits of all of the prompt, in chunks of these lengths. */
    private static float[] prefill(CausalModel model, AttentionPlan plan, int[] prompt, int... lengths) {
        Decoder decoder = model.decoder(model.pool(CACHE), plan);
        float[] all = new float[prompt.length * TinyModel.VOCABULARY];
        int at = 0;
        try (SequenceCache cache = cache(decoder, prompt.length)) {
            for (int length : lengths) {
                int[] chunk = Arrays.copyOfRange(prompt, at, at + length);
                float[] stream = decoder.prefill(List.of(new Decoder.Chunk(cache, chunk, prompt.length)), null);
                float[] logits = decoder.logits(stream, 0, length);
                System.arraycopy(logits, 0, all, at * TinyModel.VOCABULARY, logits.length);
                at += length;
                decoder.release(cache);
            }
        }
        assertThat(decoder.pool().taken()).isZero();
        return all;
    }

    @ParameterizedTest
    @MethodSource("models")
    void kernelsGiveTheReferencesLogits(TinyModel tiny) throws IOException {
        CausalModel model = CausalModel.open(tiny.write(folder));
        int[] prompt = tokens(37, 1);
        float[] got = prefill(model, model.dense(), prompt, 37);
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            ReferenceModel reference = ReferenceModel.of(model);
            float[] want = Ops.floats(reference.forward(Ops.of(Arrays.stream(prompt).asLongStream().toArray(), 1, 37))
                    .logits());
            for (int i = 0; i < want.length; i++) {
                assertThat((double) got[i]).isCloseTo(want[i], within(2e-4));
            }
            // the largest logit tells positions apart, so this compared something
            assertThat(want[0]).isNotEqualTo(want[TinyModel.VOCABULARY]);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void decodingGivesWhatPrefillGives(TinyModel tiny) throws IOException {
        CausalModel model = CausalModel.open(tiny.write(folder));
        int[] prompt = tokens(30, 2);
        Decoder decoder = model.decoder(model.pool(CACHE), model.dense());
        try (SequenceCache cache = cache(decoder, 30)) {
            decoder.prefill(List.of(new Decoder.Chunk(cache, Arrays.copyOf(prompt, 12), 12)), null);
            float[] stream = null;
            for (int i = 12; i < 30; i++) {
                stream = decoder.decode(List.of(cache), new int[] {prompt[i]});
            }
            float[] got = decoder.logits(stream, 0, 1);
            boolean grows = model.config().positionsDependOnLength();
            float[] all = prefill(model, model.dense(), prompt, 30);
            for (int i = 0; i < got.length && !grows; i++) {
                assertThat((double) got[i]).isCloseTo(all[29 * TinyModel.VOCABULARY + i], within(2e-4));
            }
            // dynamic scaling turns later keys by other angles, as HuggingFace's does
            assertThat(Arrays.equals(got, Arrays.copyOfRange(all, 29 * got.length, 30 * got.length))).isFalse();
        }
    }

    static Stream<List<String>> plans() {
        return Stream.of(List.of(), List.of("sliding:window=40,sinks=3"), List.of("sliding:window=64,sinks=0@1/0,3"),
                List.of("sliding:window=2,sinks=1"));
    }

    @ParameterizedTest
    @MethodSource("plans")
    void chunksDoNotChangeABit(List<String> policies) throws IOException {
        CausalModel model = CausalModel.open(TinyModel.of("llama").with("max_position_embeddings", 2048).write(folder));
        AttentionPlan plan = AttentionOptions.plan(policies, model.config());
        int[] prompt = tokens(1000, 3);
        float[] whole = prefill(model, plan, prompt, 1000);
        assertThat(prefill(model, plan, prompt, 1, 15, 84, 256, 400, 244)).isEqualTo(whole);
        assertThat(prefill(model, plan, prompt, 512, 488)).isEqualTo(whole);
    }

    @Test
    void neighboursDoNotChangeABit() throws IOException {
        CausalModel model = CausalModel.open(TinyModel.of("qwen3").write(folder));
        Decoder decoder = model.decoder(model.pool(CACHE), model.dense());
        List<int[]> prompts = List.of(tokens(5, 1), tokens(33, 2), tokens(70, 3));
        List<SequenceCache> caches = new ArrayList<>();
        List<Decoder.Chunk> chunks = new ArrayList<>();
        for (int[] prompt : prompts) {
            caches.add(cache(decoder, 80));
            chunks.add(new Decoder.Chunk(caches.getLast(), prompt, prompt.length));
        }
        decoder.prefill(chunks, null);
        float[] together = decoder.logits(decoder.decode(caches, new int[] {9, 10, 11}), 0, 3);
        for (int i = 0; i < 3; i++) {
            Decoder alone = model.decoder(model.pool(CACHE), model.dense());
            SequenceCache cache = cache(alone, 80);
            alone.prefill(List.of(new Decoder.Chunk(cache, prompts.get(i), prompts.get(i).length)), null);
            float[] one = alone.logits(alone.decode(List.of(cache), new int[] {9 + i}), 0, 1);
            assertThat(one).isEqualTo(Arrays.copyOfRange(together, i * one.length, (i + 1) * one.length));
        }
    }

    @Test
    void slidingPagesAreGivenBack() throws IOException {
        CausalModel model = CausalModel.open(TinyModel.of("llama").with("max_position_embeddings", 4096).write(folder));
        Decoder decoder = model.decoder(model.pool(CACHE), AttentionOptions.plan(List.of("sliding:window=32,sinks=4"),
                model.config()));
        try (SequenceCache cache = cache(decoder, 2000)) {
            decoder.prefill(List.of(new Decoder.Chunk(cache, tokens(1500, 1), 1500)), null);
            int full = decoder.pool().taken();
            decoder.release(cache);
            assertThat(full).isEqualTo(94);
            assertThat(decoder.pool().taken()).isLessThan(30);
            decoder.decode(List.of(cache), new int[] {5});
        }
    }
}
