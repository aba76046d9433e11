package io.heed.insight;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.heed.nn.AttentionCall;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.MixerSpec;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class ProbeTest {
    private static final int VOCABULARY = 17;
    private static final int LENGTH = 29;
    private static final int HEADS = 4;

    private PointerScope scope;

    @BeforeEach
    void openScope() {
        scope = new PointerScope();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"softmax", "sigmoid-attention", "lightning-attention", "aaren"})
    void capturingChangesNoBit(String mixer) {
        LanguageModel model = model(mixer);
        Tensor tokens = tokens(1);
        Capture capture = new Probe(ProbedModel.of(model)).capture(tokens, Selection.ALL);
        assertThat(capture.logits().equal(model.forward(tokens))).isTrue();
        assertThat(capture.hidden()).containsOnlyKeys(0, 1, 2);
        assertThat(capture.weights()).containsOnlyKeys(0, 1).allSatisfy((_, weights) ->
                assertThat(weights.shape()).containsExactly(2, HEADS, LENGTH, LENGTH));
    }

    @Test
    void aSelectionIsThatPartOfTheWhole() {
        Probe probe = new Probe(ProbedModel.of(model("softmax")));
        Tensor tokens = tokens(1);
        Capture all = probe.capture(tokens, Selection.ALL);
        Capture some = probe.capture(tokens, Selection.ALL.inLayers(1).inHeads(3, 0).atPositions(7, 2));
        assertThat(some.weights()).containsOnlyKeys(1);
        Tensor whole = all.weights().get(1);
        Tensor part = some.weights().get(1);
        assertThat(part.shape()).containsExactly(2, 2, 2, LENGTH);
        assertThat(Ops.largestDifference(part.select(1, 0).select(1, 1), whole.select(1, 3).select(1, 2)))
                .isLessThan(1e-6);
        assertThat(some.outputs().get(1).select(1, 1).select(1, 0)
                .equal(all.outputs().get(1).select(1, 0).select(1, 7))).isTrue();
        assertThat(some.hidden()).containsOnlyKeys(1, 2);
        assertThat(some.hidden().get(2).select(1, 0).equal(all.hidden().get(2).select(1, 7))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"softmax", "sigmoid-attention", "lightning-attention", "aaren"})
    void statisticsInBlocksAreThoseOfTheWholeMatrix(String mixer) {
        Probe probe = new Probe(ProbedModel.of(model(mixer)));
        Tensor tokens = tokens(1);
        Tensor weights = probe.capture(tokens, Selection.ALL).weights().get(1);
        for (long rows : new long[] {1, 7, 1000}) {
            StatisticsObserver observer = new StatisticsObserver(true, rows);
            probe.model().logits(tokens, observer);
            DenseStatistics.assertSame(observer.layers().get(1), weights, 0);
        }
    }

    @Test
    void keysInFrontOfTheSequenceAreSeenByEveryQuery() {
        torch.manual_seed(3);
        Tensor q = torch.randn(2, 2, 11, 8);
        Tensor k = torch.randn(2, 2, 13, 8);
        Tensor weights = torch.rand(2, 2, 11, 13).tril(2);
        AttentionStatistics found = new StatisticsObserver(true, 4).gather(new AttentionCall(q, k, k,
                (from, count) -> weights.narrow(2, from, count)));
        DenseStatistics.assertSame(found, weights, 2);
        Tensor cosines = DenseStatistics.cosines(q, k, 2);
        for (int h = 0; h < 2; h++) {
            for (int j = 0; j < 13; j++) {
                assertThat((double) found.keys().cosine()[h][j]).isCloseTo(Ops.item(cosines.select(0, h).select(0, j)),
                        within(1e-5));
            }
        }
    }

    @Test
    void aSummaryNeverAsksForTheWholeMatrix() {
        int n = 4096;
        List<Long> asked = new ArrayList<>();
        Tensor q = torch.randn(1, 8, n, 4);
        AttentionStatistics found = new StatisticsObserver(true).gather(new AttentionCall(q, q, q, (_, count) -> {
            asked.add(count);
            return torch.full(new long[] {1, 8, count, n}, new Scalar(1.0 / n));
        }));
        assertThat(asked).allSatisfy(count -> assertThat(count).isLessThanOrEqualTo(64));
        assertThat(asked.stream().mapToLong(Long::longValue).sum()).isEqualTo(n);
        assertThat(found.mass()[0]).isCloseTo(1, within(1e-4));
    }

    @Test
    void silencingAHeadIsTakingAwayItsPartOfTheProjection() {
        LanguageModel model = model("softmax");
        Tensor tokens = tokens(1);
        Tensor silenced = new Probe(ProbedModel.of(model)).logits(tokens, List.of(new Intervention.Zero(1, 2)));
        assertThat(Ops.largestDifference(silenced, model.forward(tokens))).isGreaterThan(1e-4);
        try (NoGradGuard _ = new NoGradGuard()) {
            Weights.parameters(model).get("backbone.blocks.1.mixer.proj.weight").narrow(1, 16, 8).zero_();
        }
        assertThat(Ops.largestDifference(silenced, model.forward(tokens))).isLessThan(1e-5);
    }

    @Test
    void patchingFromAnotherRunCarriesThatRunOver() {
        LanguageModel model = model("softmax");
        Probe probe = new Probe(ProbedModel.of(model));
        Tensor tokens = tokens(1);
        Tensor other = tokens(2);
        Capture theirs = probe.capture(other, Selection.ALL);
        Tensor all = probe.logits(tokens, List.of(new Intervention.PatchHidden(1, List.of(), theirs.hidden().get(1))));
        assertThat(Ops.largestDifference(all, theirs.logits())).isLessThan(1e-5);

        Tensor late = probe.logits(tokens, List.of(new Intervention.PatchHidden(1, List.of(20),
                theirs.hidden().get(1).narrow(1, 20, 1))));
        Tensor plain = model.forward(tokens);
        assertThat(late.narrow(1, 0, 20).equal(plain.narrow(1, 0, 20))).as("positions before the patch").isTrue();
        assertThat(Ops.largestDifference(late.select(1, 20), plain.select(1, 20))).isGreaterThan(1e-4);

        Capture ours = probe.capture(tokens, Selection.ALL);
        Tensor own = probe.logits(tokens, List.of(new Intervention.PatchHead(0, 1, List.of(3, 4),
                ours.outputs().get(0).select(1, 1).narrow(1, 3, 2))));
        assertThat(own.equal(plain)).as("a head's own output").isTrue();
    }

    @Test
    void theMeanOfAHeadSaysTheSameEverywhere() {
        Probe probe = new Probe(ProbedModel.of(model("softmax")));
        Tensor tokens = tokens(1);
        Tensor mean = Reductions.mean(probe.capture(tokens, Selection.ALL).outputs().get(1).select(1, 0).flatten(0, 1),
                0);
        Tensor patched = probe.logits(tokens, List.of(new Intervention.PatchHead(1, 0, List.of(),
                mean.view(1, 1, 8).expand(1, LENGTH, 8))));
        assertThat(Ops.largestDifference(probe.logits(tokens, List.of(new Intervention.Mean(1, 0))), patched))
                .isLessThan(1e-6);
    }

    @Test
    void importanceIsTheLossWithoutTheHeadOverTheLoss() {
        Probe probe = new Probe(ProbedModel.of(model("softmax,lightning-attention")));
        Tensor tokens = tokens(1);
        HeadImportance importance = probe.importance(tokens, HeadImportance.Removal.ZERO);
        double without = probe.loss(tokens, List.of(new Intervention.Zero(1, 3)));
        assertThat(importance.increase()[1][3]).isCloseTo(without - importance.loss(), within(1e-9));
        assertThat(importance.increase()).hasDimensions(2, HEADS);
    }

    @Test
    void whatDoesNotExistIsOneClearLine() {
        Probe probe = new Probe(ProbedModel.of(model("softmax")));
        Tensor tokens = tokens(1);
        assertThatThrownBy(() -> probe.capture(tokens, Selection.ALL.inLayers(2)))
                .hasMessage("layer 2 does not exist: the model has 2 layers, numbered from 0 to 1");
        assertThatThrownBy(() -> probe.capture(tokens, Selection.ALL.inHeads(-1)))
                .hasMessage("head -1 does not exist: each layer has 4 heads, numbered from 0 to 3");
        assertThatThrownBy(() -> probe.capture(tokens, Selection.ALL.atPositions(29)))
                .hasMessage("position 29 does not exist: the text has 29 tokens, numbered from 0 to 28");
        assertThatThrownBy(() -> probe.logits(tokens, List.of(new Intervention.Zero(5, 0))))
                .hasMessageContaining("layer 5");
        assertThatThrownBy(() -> probe.logits(tokens, List.of(new Intervention.PatchHead(0, 0, List.of(1),
                torch.zeros(2, 2, 8))))).hasMessageContaining("does not fit");
        assertThatThrownBy(() -> probe.summarise(Ops.of(new long[] {VOCABULARY}, 1, 1)))
                .hasMessageContaining("token 17");
        assertThatThrownBy(() -> probe.summarise(Ops.of(new long[0], 1, 0))).hasMessageContaining("empty");
    }

    private static Tensor tokens(int seed) {
        torch.manual_seed(seed);
        return torch.randint(0, VOCABULARY, new long[] {2, LENGTH}, Ops.options(ScalarType.Long));
    }

    /** Two layers, with weights large enough that a mistake shows. */
    private static LanguageModel model(String mixers) {
        Seeds.seedTorch(5, "weights", 0);
        LanguageModel model = new LanguageModel(new LanguageModelConfig(VOCABULARY, true,
                new BackboneConfig(32, 2, HEADS, HEADS,
                64, 64, BackboneConfig.NormKind.LAYER_NORM, BackboneConfig.MlpKind.GELU, 0, true,
                Arrays.stream(mixers.split(",")).map(MixerSpec::parse).toList())));
        try (NoGradGuard _ = new NoGradGuard()) {
            Weights.parameters(model).forEach((name, weight) -> {
                if (weight.dim() == 2) {
                    weight.mul_(new Scalar(8));
                }
            });
        }
        model.eval();
        return model;
    }
}
