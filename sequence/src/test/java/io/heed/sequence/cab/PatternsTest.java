package io.heed.sequence.cab;

import java.util.List;
import java.util.Set;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;
import io.heed.sequence.Mixers;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;

import static org.assertj.core.api.Assertions.assertThat;

class PatternsTest {
    @Test
    void vanillaServesAllFourAndTheOthersWhatThePaperSays() {
        assertThat(served("softmax")).containsExactlyInAnyOrder(Pattern.values());
        assertThat(served("abc")).containsExactlyInAnyOrder(Pattern.values());
        assertThat(served("local-attention")).containsExactlyInAnyOrder(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF);
        assertThat(served("performer")).containsExactlyInAnyOrder(Pattern.NONCAUSAL_SELF, Pattern.NONCAUSAL_CROSS,
                Pattern.CAUSAL_CROSS);
        assertThat(served("cosformer")).containsExactlyInAnyOrder(Pattern.NONCAUSAL_SELF, Pattern.NONCAUSAL_CROSS);
        assertThat(served("nystromformer")).containsExactly(Pattern.NONCAUSAL_SELF);
        assertThat(served("lara")).containsExactly(Pattern.NONCAUSAL_SELF);
        assertThat(served("prob-sparse")).containsExactly(Pattern.NONCAUSAL_SELF);
        assertThat(served("long-short")).containsExactlyInAnyOrder(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF);
        assertThat(served("s4d")).containsExactlyInAnyOrder(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF);
        assertThat(served("s6")).containsExactly(Pattern.CAUSAL_SELF);
    }

    @Test
    void aFalseClaimIsFoundOut() {
        MixerKind honest = Mixers.named("performer");
        MixerKind lying = new MixerKind("lying", List.of(), "sees the future", Set.of(Pattern.CAUSAL_SELF), List.of(),
                config -> new Lying(honest.build(config.withCausal(false))));
        PatternSupport support = PatternSupport.of(lying);
        assertThat(support.results().get(Pattern.CAUSAL_SELF)).isEqualTo(PatternSupport.Result.FAILS);
        assertThat(support.results().get(Pattern.CAUSAL_CROSS)).isEqualTo(PatternSupport.Result.NONE);
    }

    /** Says that it is causal, and is not. */
    private static final class Lying extends SequenceMixer {
        private final SequenceMixer inner;

        Lying(SequenceMixer inner) {
            super("lying");
            this.inner = register_module("inner", inner);
        }

        @Override
        public Set<Pattern> patterns() {
            return Set.of(Pattern.CAUSAL_SELF);
        }

        @Override
        public boolean carriesOrder() {
            return false;
        }

        @Override
        public Tensor forward(Tensor x, MixerContext context) {
            return inner.forward(x, context);
        }

        @Override
        public MixerState state(long batch) {
            return inner.state(batch);
        }

        @Override
        public Tensor step(Tensor x, MixerState state) {
            return inner.step(x, state);
        }
    }

    /** A few steps of each task run, and their metrics are what the study reads. */
    @ParameterizedTest
    @EnumSource(Pattern.class)
    void everyPatternTrains(Pattern pattern) {
        PatternRuns runs = new PatternRuns(new PatternRuns.Sizes(16, 16, 2, 2, 2));
        PatternRuns.Result result = runs.run(pattern, "softmax");
        assertThat(result.metrics()).hasSize(PatternRuns.metrics(pattern).size())
                .hasSize(PatternRuns.signs(pattern).length);
        for (double metric : result.metrics()) {
            assertThat(metric).isFinite().isNotNegative();
        }
        assertThat(result.error()).as("error over two seeds").isPositive();
    }

    @Test
    void withoutCrossAttentionTheSourceIsNotSeen() {
        try (PointerScope _ = new PointerScope()) {
            PatternRuns runs = new PatternRuns(new PatternRuns.Sizes(16, 16, 2, 1, 1));
            assertThat(runs.run(Pattern.NONCAUSAL_CROSS, null).metrics()).hasSize(3);
            CrossModel blind = new CrossModel(null, 16, false, "none", 8);
            CrossModel seeing = new CrossModel("softmax", 16, false, "none", 8);
            Tensor queries = torch.randn(1, 3, 16);
            Tensor one = torch.randn(1, 5, 16);
            Tensor other = torch.randn(1, 5, 16);
            assertThat(blind.forward(one, queries).equal(blind.forward(other, queries))).isTrue();
            assertThat(seeing.forward(one, queries).equal(seeing.forward(other, queries))).isFalse();
        }
    }

    private static List<Pattern> served(String mixer) {
        PatternSupport support = PatternSupport.of(Mixers.named(mixer));
        return support.results().keySet().stream().filter(support::serves).toList();
    }
}
