package io.heed.inference.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.heed.inference.TinyModel;
import io.heed.inference.attention.AttentionOptions;
import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.model.CausalModel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(60)
class EngineTest {
    private static final long CACHE = 4L << 20;

    @TempDir
    private static Path folder;
    private static CausalModel model;

    @BeforeAll
    static void write() throws IOException {
        model = CausalModel.open(TinyModel.of("llama").write(folder));
    }

    private static EngineSettings settings(AttentionPlan plan) {
        return EngineSettings.of(plan, CACHE, TinyModel.VOCABULARY);
    }

    /** Collects a generation. */
    private static final class Collector implements TokenListener {
        final List<Integer> tokens = new ArrayList<>();
        final CompletableFuture<FinishReason> end = new CompletableFuture<>();
        final CountDownLatch first = new CountDownLatch(1);

        @Override
        public boolean token(int id) {
            tokens.add(id);
            first.countDown();
            return true;
        }

        @Override
        public void end(FinishReason reason, Throwable failure) {
            end.complete(reason);
        }

        List<Integer> await() throws Exception {
            end.get(50, TimeUnit.SECONDS);
            return tokens;
        }
    }

    private static int[] prompt(int i) {
        int[] prompt = new int[1 + i % 60];
        for (int k = 0; k < prompt.length; k++) {
            prompt[k] = 3 + (k < 30 ? k * 7 : k * i) % 250; // equal beginnings
        }
        return prompt;
    }

    private static GenerationRequest request(int i, int tokens) {
        Sampling sampling = i % 3 == 0 ? Sampling.greedy() : new Sampling(0.9, i % 5 * 10, 0.95, 0.01, 1.1, 0, 0, i);
        return new GenerationRequest(prompt(i), tokens, sampling, Set.of(2), GenerationRequest.NO_TIMEOUT);
    }

    private static List<Integer> alone(AttentionPlan plan, GenerationRequest request) throws Exception {
        try (Engine engine = new Engine(model, settings(plan).withBatch(1))) {
            Collector collector = new Collector();
            engine.submit(request, collector);
            return collector.await();
        }
    }

    @Test
    void everyOfManyEqualsItsOwnSingleRun() throws Exception {
        for (List<String> policies : List.of(List.<String>of(),
                List.of("act:threshold=0.05@2", "sliding:window=20,sinks=2@0"))) {
            AttentionPlan plan = AttentionOptions.plan(policies, model.config());
            List<Collector> collectors = new ArrayList<>();
            try (Engine engine = new Engine(model, settings(plan).withBatch(16).withChunk(40))) {
                for (int i = 0; i < 60; i++) {
                    collectors.add(new Collector());
                    engine.submit(request(i, 20), collectors.get(i));
                }
                for (Collector collector : collectors) {
                    collector.await();
                }
                assertThat(engine.drain(Duration.ofSeconds(5))).isTrue();
                EngineStatistics statistics = engine.statistics();
                assertThat(statistics.running() + statistics.waiting()).isZero();
                if (policies.isEmpty()) {
                    assertThat(statistics.cachedTokens()).isGreaterThan(100);
                } else {
                    assertThat(statistics.pages()).isZero();
                }
            }
            Set<List<Integer>> different = new HashSet<>();
            for (int i = 0; i < 60; i += 7) {
                assertThat(collectors.get(i).tokens).as("request %d", i).isEqualTo(alone(plan, request(i, 20)));
                different.add(collectors.get(i).tokens);
            }
            assertThat(different).hasSizeGreaterThan(4);
        }
    }

    @Test
    void aPromptThatFillsTheContextIsRefused() {
        try (Engine engine = new Engine(model, settings(model.dense()))) {
            GenerationRequest request = new GenerationRequest(new int[512], 5, Sampling.greedy(), Set.of(),
                    GenerationRequest.NO_TIMEOUT);
            assertThatThrownBy(() -> engine.submit(request, new Collector())).isInstanceOfSatisfying(Refusal.class,
                    refusal -> {
                assertThat(refusal.reason()).isEqualTo(Refusal.Reason.TOO_LARGE);
                assertThat(refusal).hasMessageContaining("512 tokens");
            });
        }
    }

    @Test
    void anAnswerEndsWhereTheContextDoes() throws Exception {
        try (Engine engine = new Engine(model, settings(model.dense()))) {
            Collector collector = new Collector();
            int[] prompt = new int[500];
            Arrays.fill(prompt, 9);
            engine.submit(new GenerationRequest(prompt, 100, Sampling.of(2, 1), Set.of(), GenerationRequest.NO_TIMEOUT),
                    collector);
            assertThat(collector.await()).hasSize(12);
            assertThat(collector.end.get()).isEqualTo(FinishReason.LENGTH);
        }
    }

    @Test
    void whatTheCacheCannotHoldIsRefusedAndTheEngineLives() throws Exception {
        // room for 4 pages of 16 positions
        long budget = 4L * 2 * 3 * 2 * 16 * 8 * Float.BYTES;
        try (Engine engine = new Engine(model, EngineSettings.of(model.dense(), budget, TinyModel.VOCABULARY))) {
            assertThatThrownBy(() -> engine.submit(request(30, 100), new Collector()))
                    .isInstanceOfSatisfying(Refusal.class,
                    refusal -> assertThat(refusal.reason()).isEqualTo(Refusal.Reason.TOO_LARGE));
            List<Collector> collectors = new ArrayList<>();
            for (int i = 0; i < 12; i++) { // three pages each: they take turns, and old prefixes give way
                collectors.add(new Collector());
                engine.submit(request(20 + i, 12), collectors.getLast());
            }
            for (int i = 0; i < 12; i++) {
                assertThat(collectors.get(i).await()).isEqualTo(alone(model.dense(), request(20 + i, 12)));
            }
            assertThat(engine.statistics().pageCapacity()).isEqualTo(4);
            assertThat(engine.statistics().cacheBytes()).isLessThanOrEqualTo(budget);
        }
    }

    @Test
    void aFullQueueRefusesAndCancelledRequestsMakeRoom() throws Exception {
        try (Engine engine = new Engine(model, settings(model.dense()).withBatch(1).withQueue(1))) {
            Collector running = new Collector();
            Generation first = engine.submit(request(1, 400), running);
            running.first.await();
            Collector queued = new Collector();
            Generation second = engine.submit(request(2, 5), queued);
            assertThatThrownBy(() -> engine.submit(request(3, 5), new Collector()))
                    .isInstanceOfSatisfying(Refusal.class,
                    refusal -> assertThat(refusal.reason()).isEqualTo(Refusal.Reason.BUSY));
            first.cancel();
            second.cancel();
            assertThat(running.end.get(5, TimeUnit.SECONDS)).isIn(FinishReason.CANCELLED, FinishReason.STOP);
            assertThat(queued.end.get(5, TimeUnit.SECONDS)).isIn(FinishReason.CANCELLED, FinishReason.LENGTH,
                    FinishReason.STOP);
            Collector later = new Collector();
            engine.submit(request(4, 5), later);
            assertThat(later.await()).isNotEmpty();
        }
    }

    @Test
    void equalPromptsThatComeTogetherAreComputedOnce() throws Exception {
        int[] prompt = new int[100];
        Arrays.setAll(prompt, i -> 3 + i * 7 % 250);
        List<Collector> collectors = new ArrayList<>();
        CountDownLatch goOn = new CountDownLatch(1);
        try (Engine engine = new Engine(model, settings(model.dense()).withChunk(32))) {
            engine.submit(request(1, 1), blocking(new CountDownLatch(1), goOn));
            for (int i = 0; i < 8; i++) {
                collectors.add(new Collector());
                engine.submit(new GenerationRequest(prompt, 5, Sampling.of(1, i % 2), Set.of(),
                        GenerationRequest.NO_TIMEOUT), collectors.getLast());
            }
            goOn.countDown();
            for (Collector collector : collectors) {
                collector.await();
            }
            assertThat(engine.drain(Duration.ofSeconds(5))).isTrue();
            // six full pages of sixteen tokens are shared, the rest of the prompt is each one's own
            assertThat(engine.statistics().cachedTokens()).isEqualTo(7 * 96);
            assertThat(engine.statistics().promptTokens()).isEqualTo(request(1, 1).prompt().length + 100 + 7 * 4);
        }
        for (int i = 0; i < 8; i++) {
            assertThat(collectors.get(i).tokens).isEqualTo(collectors.get(i % 2).tokens);
        }
        assertThat(collectors.get(0).tokens).isNotEqualTo(collectors.get(1).tokens);
    }

    /** Says that its first token came, then holds the engine until it may go on. */
    private static TokenListener blocking(CountDownLatch begun, CountDownLatch goOn) {
        return new TokenListener() {
            @Override
            public boolean token(int id) {
                begun.countDown();
                try {
                    return goOn.await(30, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    return false;
                }
            }

            @Override
            public void end(FinishReason reason, Throwable failure) { }
        };
    }

    @Test
    void asManyAsRunAndMayWaitAreTakenAtOnce() throws Exception {
        try (Engine engine = new Engine(model, settings(model.dense()).withBatch(3).withQueue(2))) {
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch goOn = new CountDownLatch(1);
            engine.submit(request(1, 5), blocking(begun, goOn));
            begun.await();
            List<Generation> taken = new ArrayList<>();
            Refusal refusal = null;
            while (refusal == null) {
                try {
                    taken.add(engine.submit(request(taken.size(), 400), new Collector()));
                } catch (Refusal e) {
                    refusal = e;
                }
            }
            assertThat(refusal.reason()).isEqualTo(Refusal.Reason.BUSY);
            assertThat(taken).as("two run beside the first, two wait").hasSize(4);
            goOn.countDown();
        }
    }

    @Test
    void timeEndsARequest() throws Exception {
        try (Engine engine = new Engine(model, settings(model.dense()))) {
            Collector collector = new Collector();
            engine.submit(new GenerationRequest(new int[] {1, 5}, 500, Sampling.of(3, 1), Set.of(),
                    Duration.ofMillis(1)), collector);
            assertThat(collector.end.get(10, TimeUnit.SECONDS)).isEqualTo(FinishReason.TIMEOUT);
        }
    }

    @Test
    void drainingFinishesWhatRunsAndRefusesTheRest() throws Exception {
        try (Engine engine = new Engine(model, settings(model.dense()).withBatch(2))) {
            List<Collector> collectors = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                collectors.add(new Collector());
                engine.submit(request(i, 15), collectors.get(i));
            }
            assertThat(engine.drain(Duration.ofSeconds(30))).isTrue();
            for (Collector collector : collectors) {
                assertThat(collector.end.getNow(null)).isIn(FinishReason.LENGTH, FinishReason.STOP);
            }
            assertThatThrownBy(() -> engine.submit(request(1, 5), new Collector()))
                    .isInstanceOfSatisfying(Refusal.class,
                    refusal -> assertThat(refusal.reason()).isEqualTo(Refusal.Reason.CLOSING));
        }
    }

    @Test
    void aListenerThatBreaksEndsItsOwnGenerationOnly() throws Exception {
        try (Engine engine = new Engine(model, settings(model.dense()))) {
            Collector good = new Collector();
            CompletableFuture<Throwable> failure = new CompletableFuture<>();
            engine.submit(request(5, 30), new TokenListener() {
                @Override
                public boolean token(int id) {
                    throw new IllegalStateException("broken");
                }

                @Override
                public void end(FinishReason reason, Throwable thrown) {
                    failure.complete(thrown);
                }
            });
            engine.submit(request(6, 30), good);
            assertThat(failure.get(10, TimeUnit.SECONDS)).hasMessage("broken");
            assertThat(good.await()).isEqualTo(alone(model.dense(), request(6, 30)));
        }
    }

    @Test
    void tokensBeyondTheVocabularyAreNeverChosen() throws Exception {
        EngineSettings few = EngineSettings.of(model.dense(), CACHE, 20);
        try (Engine engine = new Engine(model, few)) {
            Collector collector = new Collector();
            engine.submit(new GenerationRequest(new int[] {1}, 100, Sampling.of(5, 1), Set.of(),
                    GenerationRequest.NO_TIMEOUT),
                    collector);
            assertThat(collector.await()).hasSize(100).allMatch(token -> token < 20);
            assertThatThrownBy(() -> engine.submit(new GenerationRequest(new int[] {300}, 1, Sampling.greedy(),
                    Set.of(),
                    GenerationRequest.NO_TIMEOUT), new Collector())).hasMessageContaining("token 300");
        }
    }
}
