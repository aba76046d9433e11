package io.heed.inference.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.heed.inference.TinyModel;
import io.heed.inference.cache.CacheManager;
import io.heed.inference.cache.SequenceCache;
import io.heed.inference.model.CausalModel;
import io.heed.inference.model.Decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

@Timeout(60)
class LikelihoodTest {
    private static final int[] PROMPT = {1, 77, 105};

    @TempDir
    private static Path folder;
    private static CausalModel model;

    @BeforeAll
    static void write() throws IOException {
        model = CausalModel.open(TinyModel.of("llama").write(folder));
    }

    private static List<Likelihood> likelihoods(Sampling sampling, int tokens, int listed) throws Exception {
        List<Likelihood> found = new ArrayList<>();
        CompletableFuture<FinishReason> end = new CompletableFuture<>();
        try (Engine engine = new Engine(model, EngineSettings.of(model.dense(), 4L << 20, TinyModel.VOCABULARY))) {
            engine.submit(new GenerationRequest(PROMPT, tokens, sampling, Set.of(), GenerationRequest.NO_TIMEOUT,
                    listed), new TokenListener() {
                @Override
                public boolean token(int id) {
                    throw new AssertionError("a plain token");
                }

                @Override
                public boolean token(Likelihood likelihood) {
                    found.add(likelihood);
                    return true;
                }

                @Override
                public void end(FinishReason reason, Throwable failure) {
                    end.complete(reason);
                }
            });
            assertThat(end.get(30, TimeUnit.SECONDS)).isEqualTo(FinishReason.LENGTH);
        }
        return found;
    }

    private static double[] logSoftmax() {
        Decoder decoder = model.decoder(model.pool(4L << 20), model.dense());
        try (SequenceCache cache = new CacheManager(decoder.pool()).admit(PROMPT, 8, false).orElseThrow()) {
            float[] stream = decoder.prefill(List.of(new Decoder.Chunk(cache, PROMPT, PROMPT.length)), null);
            float[] logits = decoder.logits(stream, PROMPT.length - 1, 1);
            double sum = IntStream.range(0, logits.length).mapToDouble(i -> Math.exp(logits[i])).sum();
            return IntStream.range(0, logits.length).mapToDouble(i -> logits[i] - Math.log(sum)).toArray();
        }
    }

    @Test
    void likelihoodsAreTheModelsOwnWhateverTheSampling() throws Exception {
        double[] want = logSoftmax();
        List<Integer> likeliest = IntStream.range(0, want.length).boxed()
                .sorted(Comparator.comparingDouble(id -> -want[id])).limit(7).toList();
        int last = IntStream.range(0, want.length).boxed().min(Comparator.comparingDouble(id -> want[id]))
                .orElseThrow();
        Sampling bent = new Sampling(1.7, 5, 0.9, 0, 1.4, 1, 1, 3).withLogitBias(Map.of(last, 100f));
        for (Sampling sampling : List.of(Sampling.greedy(), bent)) {
            Likelihood first = likelihoods(sampling, 1, 7).getFirst();
            assertThat(first.token()).isEqualTo(sampling == bent ? last : likeliest.getFirst());
            assertThat(first.logprob()).isCloseTo(want[first.token()], within(1e-5));
            assertThat(first.top().stream().map(Likelihood::token)).isEqualTo(likeliest);
            assertThat(first.top()).allSatisfy(one -> assertThat(one.logprob())
                    .isCloseTo(want[one.token()], within(1e-5)));
        }
    }

    @Test
    void probabilitiesSumToOne() throws Exception {
        Likelihood all = Likelihood.of(2, new float[] {9, 1, 2, 2, -50, 3}, 1, 5, 20);
        assertThat(all.top()).extracting(Likelihood::token).containsExactly(4, 1, 2, 0, 3);
        assertThat(all.top().stream().mapToDouble(one -> Math.exp(one.logprob())).sum()).isCloseTo(1, within(1e-12));
        assertThat(all.logprob()).isEqualTo(all.top().get(2).logprob());
        assertThat(likelihoods(Sampling.of(1, 2), 6, 0)).hasSize(6).allMatch(one -> one.top().isEmpty());
    }

    @Test
    void biasesBanAndForceTokens() throws Exception {
        int greedy = likelihoods(Sampling.greedy(), 1, 0).getFirst().token();
        Sampling without = Sampling.greedy().withLogitBias(Map.of(greedy, -100f));
        assertThat(likelihoods(without, 40, 0)).extracting(Likelihood::token).doesNotContain(greedy);
        Sampling always = Sampling.of(1, 5).withLogitBias(Map.of(200, 100f));
        assertThat(likelihoods(always, 20, 0)).extracting(Likelihood::token).containsOnly(200);
    }

    @Test
    void valuesOutOfRangeAreNamed() {
        assertThatThrownBy(() -> Sampling.greedy().withLogitBias(Map.of(3, 101f)))
                .hasMessageContaining("logit bias of token 3 is 101.0");
        assertThatThrownBy(() -> Sampling.greedy().withLogitBias(Map.of(-1, 1f))).hasMessageContaining("token");
        assertThatThrownBy(() -> new GenerationRequest(PROMPT, 1, Sampling.greedy(), Set.of(),
                GenerationRequest.NO_TIMEOUT, 21)).hasMessageContaining("are 21, must be 0 to 20");
    }
}
