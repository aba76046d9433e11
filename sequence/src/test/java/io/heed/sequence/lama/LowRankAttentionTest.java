package io.heed.sequence.lama;

import java.util.Arrays;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GRUImpl;
import org.bytedeco.pytorch.GRUOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.heed.data.Split;
import io.heed.data.WordNet;
import io.heed.nn.PackedRecurrence;
import io.heed.tensor.Ops;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class LowRankAttentionTest {
    private PointerScope scope;

    @BeforeEach
    void openScope() {
        scope = new PointerScope();
        torch.manual_seed(3);
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @Test
    void aHeadIsABilinearFormOfItsRank() {
        for (int rank : new int[] {1, 3}) {
            LowRankAttention attention = new LowRankAttention(new LowRankAttention.Options(6, 2, rank, true, false,
                    false));
            Tensor states = torch.randn(1, 5, 6);
            Tensor p = Weights.parameters(attention).get("_p");
            Tensor q = Weights.parameters(attention).get("_q");
            Tensor c = Weights.parameters(attention).get("context");
            for (int head = 0; head < 2; head++) {
                // (D, D)
                Tensor w = p.narrow(1, (long) head * rank, rank).matmul(q.narrow(1, (long) head * rank, rank).t());
                Tensor expected = states.select(0, 0).matmul(w.t().matmul(c)).softmax(-1);
                assertThat(Ops.largestDifference(attention.attention(states, mask(5)).select(0, 0).select(0, head),
                        expected))
                        .isLessThan(1e-5);
            }
        }
    }

    @Test
    void paddingGetsNoAttentionAndNoGradientIsNaN() {
        for (boolean learned : new boolean[] {true, false}) {
            LowRankAttention attention = new LowRankAttention(new LowRankAttention.Options(6, 4, 1, learned, true,
                    true));
            Tensor states = torch.randn(3, 5, 6);
            states.select(0, 1).narrow(0, 2, 3).zero_();
            states.set_requires_grad(true);
            Pooling.Pooled pooled = attention.pool(states, mask(5, 2, 5));
            assertThat(pooled.attention().select(0, 1).narrow(1, 2, 3).abs().max().item_double()).isZero();
            assertThat(pooled.document().shape()).containsExactly(3, 24);
            pooled.document().mul(torch.randn(3, 24)).sum().backward();
            assertThat(torch.isfinite(states.grad()).all().item_bool()).isTrue();
            Weights.parameters(attention).forEach((name, weight) ->
                    assertThat(torch.isfinite(weight.grad()).all().item_bool()).as(name).isTrue());
        }
    }

    @Test
    void scoresOfAWordHaveNormOneOverTheHeads() {
        // so that no word gets more than e^2 times another's attention
        LowRankAttention attention = new LowRankAttention(new LowRankAttention.Options(6, 3, 1, false, true, true));
        Tensor found = attention.attention(torch.randn(2, 40, 6).mul(new Scalar(20)), mask(40, 40));
        double ratio = found.amax(new long[] {2}, false).div(found.amin(new long[] {2}, false)).max().item_double();
        assertThat(ratio).isGreaterThan(2).isLessThanOrEqualTo(Math.exp(2) + 1e-3);
    }

    @Test
    void packedRecurrenceStopsAtASequencesEndAndStartsBackwardThere() {
        GRUOptions options = new GRUOptions(4, 3);
        options.bidirectional().put(true);
        options.batch_first().put(true);
        GRUImpl gru = new GRUImpl(options);
        Tensor x = torch.randn(3, 7, 4);
        int[] lengths = {4, 7, 1};
        Tensor together = PackedRecurrence.gru(gru, x, Ops.of(new long[] {4, 7, 1}));
        for (int row = 0; row < 3; row++) {
            Tensor alone = gru.forward(x.narrow(0, row, 1).narrow(1, 0, lengths[row])).get0();
            assertThat(Ops.largestDifference(together.narrow(0, row, 1).narrow(1, 0, lengths[row]), alone))
                    .isLessThan(1e-6);
            if (lengths[row] < 7) {
                assertThat(together.select(0, row).narrow(0, lengths[row], 7 - lengths[row]).abs().max().item_double())
                        .isZero();
            }
        }
        assertThatThrownBy(() -> PackedRecurrence.gru(gru, x, Ops.of(new long[] {4, 0, 1})))
                .hasMessageContaining("sequence 1 of the batch is empty");
    }

    @Test
    void everyPoolingIgnoresPaddingAndCountsItsParameters() {
        List<Pooling> poolings = List.of(new Baselines.Plain(6, Baselines.Plain.Kind.MEAN),
                new Baselines.Plain(6, Baselines.Plain.Kind.MAX),
                new Baselines.Plain(6, Baselines.Plain.Kind.LAST), new Baselines.Structured(6, 5, 1, true),
                new Baselines.Structured(6, 5, 3, false), new Baselines.Transformer(6, 2),
                new LowRankAttention(new LowRankAttention.Options(6, 3, 2, true, true, true)),
                new LowRankAttention(new LowRankAttention.Options(6, 3, 1, false, true, true)));
        Tensor short2 = torch.randn(2, 4, 6);
        Tensor padded = torch.cat(new TensorVector(short2, torch.zeros(2, 3, 6)), 1);
        for (Pooling pooling : poolings) {
            Tensor expected = pooling.pool(short2, mask(4, 4)).document();
            Tensor mask = torch.cat(new TensorVector(mask(4, 4), mask(4, 4).narrow(1, 0, 3).logical_not()), 1);
            assertThat(Ops.largestDifference(pooling.pool(padded, mask).document(), expected))
                    .as(pooling.name().getString()).isLessThan(1e-5);
            assertThat(expected.size(1)).isEqualTo(pooling.width());
            long counted = Weights.parameters(pooling).entrySet().stream()
                    .filter(entry -> !entry.getKey().startsWith("norm"))
                    .mapToLong(entry -> entry.getValue().numel()).sum();
            assertThat(pooling.attentionParameters()).as(pooling.name().getString()).isEqualTo(counted);
        }
    }

    @Test
    void thePenaltyIsZeroOnlyForHeadsThatLookAtDifferentSingleWords() {
        assertThat(LowRankAttention.penalty(torch.eye(3).unsqueeze(0)).item_double()).isCloseTo(0, within(1e-6));
        Tensor same = torch.zeros(1, 2, 4);
        try (NoGradGuard _ = new NoGradGuard()) {
            same.narrow(2, 0, 1).fill_(new Scalar(1));
        }
        assertThat(LowRankAttention.penalty(same).item_double()).isCloseTo(2, within(1e-6));
    }

    @Test
    void glossesHaveTopicsAndSplits() {
        List<WordNet.Labelled> all = WordNet.labelledGlosses();
        assertThat(all).hasSize(117_791);
        assertThat(all.stream().mapToInt(WordNet.Labelled::topic).distinct().count()).isEqualTo(WordNet.TOPICS);
        assertThat(all.stream().filter(one -> one.split() == Split.VALIDATION).count()).isBetween(5_000L, 7_000L);
        GlossTopics data = new GlossTopics(500);
        GlossTopics.Batch batch = data.sample(7, 5);
        assertThat(batch.ids().size(1)).isLessThanOrEqualTo(GlossTopics.WORDS);
        assertThat(batch.ids().eq(new Scalar(0)).equal(batch.mask().logical_not())).isTrue();
        assertThat(data.sample(7, 5).ids().equal(batch.ids())).isTrue();
    }

    private static Tensor mask(int... lengths) {
        int longest = Arrays.stream(lengths).max().orElseThrow();
        boolean[] mask = new boolean[lengths.length * longest];
        for (int row = 0; row < lengths.length; row++) {
            for (int t = 0; t < lengths[row]; t++) {
                mask[row * longest + t] = true;
            }
        }
        return Ops.of(mask, lengths.length, longest).to(ScalarType.Bool);
    }
}
