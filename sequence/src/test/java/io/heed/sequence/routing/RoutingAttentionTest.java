package io.heed.sequence.routing;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.nn.Form;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;
import io.heed.sequence.OnlineKMeans;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class RoutingAttentionTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(24, 3).withLength(64);

    @Override
    protected MixerKind kind() {
        return RoutingSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(CONFIG.withOptions(Map.of("clusters", "4", "window", "7", "block", "5", "flange", "10")),
                CONFIG.withCausal(false).withOptions(Map.of("clusters", "3", "window", "40", "block", "8")),
                MixerConfig.of(16, 2).withLength(64).withOptions(Map.of("routed-heads", "0")));
    }

    @Test
    void trainingMovesTheCentroidsAndEvaluationDoesNot() {
        SequenceMixer mixer = build(configs().getFirst());
        Tensor means = Weights.of(mixer).get("cluster_attention.means");
        Tensor before = means.clone();
        Tensor x = input(30, CONFIG, 1);
        mixer.forward(x);
        assertThat(torch.equal(before, means)).as("evaluation").isTrue();
        mixer.train(true);
        mixer.forward(x);
        assertThat(Ops.largestDifference(before, means)).as("training").isGreaterThan(1e-3);
        assertThat(means.requires_grad()).isFalse();
        assertThat(Weights.of(mixer).get("cluster_attention.ema_count").sum().item_double())
                .as("every item counts once a head").isCloseTo(0.001 * 2 * 30 * 2, within(1e-4));
    }

    @Test
    void aTokenThatNoGroupChoseGetsZero() {
        Tensor q = OnlineKMeans.normalise(torch.randn(1, 1, 12, 8), 1e-6);
        Tensor v = torch.randn(1, 1, 12, 8);
        Tensor means = OnlineKMeans.normalise(torch.randn(1, 2, 8), 1e-6);
        RoutedAttention.Result result = new RoutedAttention(3, true, null).apply(q, q, v, means, null, Form.AUTO);
        long[] members = Ops.longs(result.queryIndex());
        boolean[] chosen = new boolean[12];
        int[] times = new int[12];
        for (long member : members) {
            chosen[(int) member] = true;
            times[(int) member]++;
        }
        for (int t = 0; t < 12; t++) {
            assertThat(result.out().select(2, t).abs().max().item_double() > 0).as("token %d", t).isEqualTo(chosen[t]);
        }
        int first = (int) members[0];
        if (times[first] == 1) { // its only group's first member sees itself alone
            assertThat(Ops.largestDifference(result.out().select(2, first), Ops.scale(v.select(2, first), 1 / 1.01)))
                    .isLessThan(1e-5);
        }
    }

    @Test
    void theLossIsBetaTimesTheDistancesOfQueriesAndKeys() {
        SequenceMixer mixer = build(configs().getFirst());
        MixerContext context = MixerContext.plain();
        try (NoGradGuard _ = new NoGradGuard()) {
            mixer.forward(input(20, CONFIG, 1), context);
        }
        // |LN(x) - mu|^2 / d of vectors of norm sqrt(d) lies between 0 and 4; shared queries count twice
        assertThat(context.loss().orElseThrow().item_double()).isBetween(1e-6, 8e-4);
    }

    @Test
    void publishedGroupsDependOnLaterTokensAndStrictOnesDoNot() {
        Map<String, String> options = Map.of("clusters", "2", "window", "4", "membership", "sequence", "block", "4");
        SequenceMixer published = build(CONFIG.withOptions(options));
        Tensor x = input(40, CONFIG, 1);
        Tensor changed = Ops.cat(1, x.narrow(1, 0, 20), input(40, CONFIG, 2).narrow(1, 20, 20));
        assertThat(Ops.largestDifference(published.forward(x).narrow(1, 0, 20), published.forward(changed)
                .narrow(1, 0, 20)))
                .as("membership of the published rule").isGreaterThan(1e-4);
    }

    @Test
    void decodingKeepsGroupsAndABlockHoweverLongTheSequence() {
        SequenceMixer mixer = build(configs().getFirst());
        try (MixerState state = mixer.state(1)) {
            long before = 0;
            for (int t = 0; t < 60; t++) {
                mixer.step(input(60, CONFIG, 1).select(1, t).narrow(0, 0, 1), state);
                if (t % 5 == 4) { // the end of a block
                    assertThat(t < 20 || state.bytes() == before).as("after %d tokens", t + 1).isTrue();
                    before = state.bytes();
                }
            }
        }
    }

    @Test
    void decodingWithRelativeRanksIsThePublishedOneWhereGroupsHoldAll() {
        // with as many members as tokens, groups hold all tokens so far and the whole sequence's rule is strict
        SequenceMixer mixer = build(CONFIG.withOptions(Map.of("clusters", "2", "window", "64", "relative", "3",
                "membership", "sequence", "block", "4")));
        Tensor x = input(30, CONFIG, 1);
        try (MixerState state = mixer.state(2)) {
            assertClose("step by step", mixer.prefill(x, state), mixer.forward(x), tolerance());
        }
    }

    @Test
    void whatDoesNotGoTogetherIsSaid() {
        assertThatThrownBy(() -> kind().build(CONFIG.withCausal(false).withOptions(Map.of("membership", "prefix"))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("membership=sequence");
        assertThatThrownBy(() -> kind().build(CONFIG.withOptions(Map.of("relative", "3"))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("membership=sequence");
        assertThatThrownBy(() -> kind().build(CONFIG.withOptions(Map.of("routed-heads", "9"))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("from 0 to 3");
    }
}
