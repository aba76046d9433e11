package io.heed.sequence;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.heed.data.SequenceBatch;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class LanguageModelTest {
    private static final int VOCABULARY = 19;

    private PointerScope scope;

    @BeforeEach
    void openScope() {
        scope = new PointerScope();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @Test
    void freshModelPredictsNearlyUniformly() {
        LanguageModel model = model("softmax", true);
        double loss = model.loss(batch(2, 24)).item_double();
        assertThat(loss).isCloseTo(Math.log(VOCABULARY), within(0.2));
    }

    @Test
    void prefillAndStepsEqualForward() {
        for (String mixer : List.of("softmax", "softmax:positions=none")) {
            LanguageModel model = model(mixer, false);
            Tensor tokens = batch(2, 24).tokens();
            Tensor expected = model.forward(tokens);
            try (BackboneState state = model.state(2)) {
                Tensor last = model.prefill(Ops.slice(tokens, 1, 0, 10), state);
                assertThat(Ops.largestDifference(last, expected.select(1, 9))).as(mixer).isLessThan(1e-5);
                for (int t = 10; t < 24; t++) {
                    Tensor logits = model.step(tokens.select(1, t), state);
                    assertThat(Ops.largestDifference(logits, expected.select(1, t))).as("%s, %d", mixer, t)
                            .isLessThan(1e-5);
                }
                assertThat(state.position()).isEqualTo(24);
                assertThat(state.bytes()).isEqualTo(2 * 2 * 2 * 24 * 32 * Float.BYTES); // layers, k and v, sequences
            }
        }
    }

    @Test
    void withoutPositionsTheBackboneAddsThem() {
        Tensor twice = Ops.of(new long[] {3, 3, 3, 5}, 1, 4);
        Tensor swapped = Ops.of(new long[] {3, 5, 3, 3}, 1, 4);
        LanguageModel model = model("softmax:positions=none", true);
        Tensor a = model.forward(Ops.cat(1, twice, Ops.of(new long[] {7}, 1, 1))).select(1, 4);
        Tensor b = model.forward(Ops.cat(1, swapped, Ops.of(new long[] {7}, 1, 1))).select(1, 4);
        assertThat(Ops.largestDifference(a, b)).as("order of earlier tokens matters").isGreaterThan(1e-6);
    }

    @Test
    void lossCountsLabelledPositionsOnly() {
        LanguageModel model = model("softmax", true);
        SequenceBatch all = batch(2, 6);
        long[] some = Ops.longs(all.targets());
        for (int i : new int[] {0, 1, 4, 7, 11}) {
            some[i] = SequenceBatch.IGNORED;
        }
        Tensor logits = model.forward(all.tokens()).flatten(0, 1);
        double expected = 0;
        int count = 0;
        for (int i = 0; i < some.length; i++) {
            if (some[i] != SequenceBatch.IGNORED) {
                expected -= torch.log_softmax(logits, 1).select(0, i).select(0, some[i]).item_double();
                count++;
            }
        }
        assertThat(model.loss(new SequenceBatch(all.tokens(), Ops.of(some, 2, 6))).item_double())
                .isCloseTo(expected / count, within(1e-5));
    }

    @Test
    void hybridTakesItsMixersInTurn() {
        BackboneConfig config = BackboneConfig.of("softmax", 32, 3, 16)
                .withMixers(List.of(MixerSpec.parse("softmax"), MixerSpec.parse("softmax:positions=none")));
        List<SequenceMixer> mixers = new Backbone(config).mixers();
        assertThat(mixers).extracting(SequenceMixer::carriesOrder).containsExactly(true, false, true);
    }

    @Test
    void budgetMakesModelsEquallyLarge() {
        LanguageModelConfig baseline = new LanguageModelConfig(256, true, BackboneConfig.of("softmax", 128, 4, 256));
        ParameterBudget budget = ParameterBudget.of(baseline);
        // one key/value head in place of four leaves 4 layers x 2 x 96 x 128 weights to the MLPs
        BackboneConfig grouped = new BackboneConfig(128, 4, 4, 1, 256, 512, BackboneConfig.NormKind.RMS_NORM,
                BackboneConfig.MlpKind.SWIGLU, 0, true, baseline.backbone().mixers());
        LanguageModelConfig fitted = budget.fit(baseline.withBackbone(grouped));
        assertThat((double) ParameterBudget.count(fitted)).isCloseTo(budget.parameters(),
                within(ParameterBudget.TOLERANCE * budget.parameters()));
        assertThat(fitted.backbone().hidden()).isNotEqualTo(512);
        assertThat(budget.fit(baseline)).isEqualTo(baseline);
        assertThatThrownBy(() -> new ParameterBudget(1000).fit(baseline)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("does not fit a budget of 1000");
    }

    @Test
    void greedyWritingFollowsTheArgmax() {
        LanguageModel model = model("softmax", true);
        int[] prompt = {4, 9, 2};
        List<Integer> written = new ArrayList<>();
        int count = new Generator(model, Sampling.greedy()).write(prompt, 8, written::add);
        assertThat(count).isEqualTo(8);
        List<Long> all = new ArrayList<>(List.of(4L, 9L, 2L));
        for (int token : written) {
            Tensor logits = model.forward(Ops.of(all.stream().mapToLong(t -> t).toArray(), 1, all.size()));
            assertThat(token).isEqualTo((int) logits.select(1, -1).argmax().item_long());
            all.add((long) token);
        }
        assertThat(new Generator(model, Sampling.greedy()).write(prompt, 8, _ -> false)).isEqualTo(1);
        assertThat(model.is_training()).as("mode as before").isTrue();
    }

    @Test
    void samePromptAndSeedSameText() {
        LanguageModel model = model("softmax", true);
        assertThat(text(model, 5)).isEqualTo(text(model, 5)).isNotEqualTo(text(model, 6));
    }

    @Test
    void badPromptIsRefusedInOneLine() {
        Generator generator = new Generator(model("softmax", true), Sampling.greedy());
        assertThatThrownBy(() -> generator.write(new int[0], 1, _ -> true)).hasMessageContaining("prompt is empty");
        assertThatThrownBy(() -> generator.write(new int[] {VOCABULARY}, 1, _ -> true))
                .hasMessage("token 19 of the prompt is not one of the model's 19");
    }

    private static List<Integer> text(LanguageModel model, long seed) {
        List<Integer> written = new ArrayList<>();
        new Generator(model, new Sampling(1, 0, 1, seed)).write(new int[] {1}, 20, written::add);
        return written;
    }

    private static LanguageModel model(String mixer, boolean tied) {
        Seeds.seedTorch(1, "weights", 0);
        return new LanguageModel(new LanguageModelConfig(VOCABULARY, tied, BackboneConfig.of(mixer, 32, 2, 24)));
    }

    private static SequenceBatch batch(int rows, int length) {
        long[] tokens = IntStream.range(0, rows * (length + 1)).mapToLong(i -> (i * 31L + i * i / 7) % VOCABULARY)
                .toArray();
        Tensor all = Ops.of(tokens, rows, length + 1);
        return new SequenceBatch(Ops.slice(all, 1, 0, length), Ops.slice(all, 1, 1, length + 1));
    }
}
