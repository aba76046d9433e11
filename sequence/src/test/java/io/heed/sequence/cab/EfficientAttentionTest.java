package io.heed.sequence.cab;

import java.util.Map;
import java.util.Optional;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;
import io.heed.tensor.WithoutGradients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What LARA, ProbSparse and long-short attention and S4D are by definition. */
@ExtendWith(WithoutGradients.class)
class EfficientAttentionTest {
    private static final MixerConfig CAUSAL = MixerConfig.of(16, 2);
    private static final MixerConfig FREE = CAUSAL.withCausal(false);

    @BeforeEach
    void seed() {
        Seeds.seedTorch(2, "efficient attention", 0);
    }

    @Test
    void countsOfProbSparseAreInformers() {
        assertThat(KeySamples.count(1, 5)).isZero();
        assertThat(KeySamples.count(12, 5)).isEqualTo(12);
        assertThat(KeySamples.count(96, 5)).isEqualTo(25);
        assertThat(KeySamples.count(96, 1)).isEqualTo(5);
    }

    @Test
    void probSparseIsFullAttentionWhileAllQueriesAttend() {
        SequenceMixer sparse = build(CabSystem.PROB_SPARSE, FREE);
        WindowedAttention full = new WindowedAttention(new BenchmarkAttention.Sizes(16, 2, false, 0, 1), 0);
        Map<String, Tensor> from = Weights.parameters(sparse);
        Weights.parameters(full).forEach((name, weight) -> weight.copy_(from.get(name.replace("q_proj",
                "query_projection").replace("k_proj", "key_projection").replace("v_proj", "value_projection")
                .replace("out_proj", "out_projection"))));
        Tensor x = torch.randn(1, 12, 16);
        assertThat(Ops.largestDifference(sparse.forward(x), full.forward(x))).isLessThan(1e-6);
        Tensor longer = torch.randn(1, 60, 16);
        assertThat(Ops.largestDifference(sparse.forward(longer), full.forward(longer))).isGreaterThan(1e-5);
    }

    /** With one query in twelve attending, most rows of a head are the mean of the values. */
    @Test
    void probSparseGivesTheMeanWhereAQueryDoesNotStandOut() {
        SequenceMixer mixer = build(CabSystem.PROB_SPARSE, MixerConfig.of(16, 1).withCausal(false)
                .withOptions(Map.of("factor", "1")));
        Tensor y = mixer.forward(torch.randn(1, 60, 16)).squeeze(0);
        Tensor others = y.unsqueeze(1).sub(y.unsqueeze(0)).abs().amax(new long[] {2}, false)
                .lt(new Scalar(1e-6)).sum(new long[] {1}, false, null);
        long like = others.max().item_long();
        assertThat(like).as("rows that are the mean").isEqualTo(60 - KeySamples.count(60, 1));
    }

    @Test
    void samplesAreOfRealTokensAndDoNotDependOnPadding() {
        boolean[] padded = new boolean[9];
        padded[1] = true;
        padded[8] = true;
        KeySamples plain = KeySamples.draw(7, 1, Optional.empty(), 3);
        KeySamples some = KeySamples.draw(9, 1, Optional.of(new Padding(Ops.of(padded, 1, 9))), 3);
        int[] real = {0, 2, 3, 4, 5, 6, 7};
        assertThat(some.lengths()).containsExactly(7);
        for (int i = 0; i < 7; i++) {
            for (int s = 0; s < plain.most(); s++) {
                assertThat(some.index()[real[i] * some.most() + s]).isEqualTo(real[plain.index()[i * plain.most()
                        + s]]);
            }
        }
        assertThat(some.index()[some.most()]).as("a padded query has no sample").isEqualTo(-1);
    }

    /** Queries and keys of zero make every proposal even: the mean of the values. */
    @Test
    void laraAveragesWhereNothingIsPreferred() {
        SequenceMixer mixer = build(CabSystem.LARA, FREE.withOptions(Map.of("landmarks", "4")));
        Weights.parameters(mixer).forEach((name, weight) -> {
            if (name.startsWith("q_") || name.startsWith("k_")) {
                weight.zero_();
            }
        });
        Tensor y = mixer.forward(torch.randn(1, 21, 16));
        assertThat(Ops.largestDifference(y, y.narrow(1, 0, 1).expand_as(y))).isLessThan(1e-6);
    }

    @Test
    void laraDrawsInTrainingOnly() {
        SequenceMixer mixer = CabSystem.LARA.build(FREE);
        Tensor x = torch.randn(1, 40, 16);
        assertThat(Ops.largestDifference(mixer.forward(x), mixer.forward(x))).isPositive();
        mixer.eval();
        assertThat(Ops.largestDifference(mixer.forward(x), mixer.forward(x))).isZero();
    }

    /** Without landmarks a token reaches its block and half a window beside it, with them all others. */
    @Test
    void landmarksCarryBeyondTheWindow() {
        Tensor x = torch.randn(1, 40, 16);
        Tensor changed = Ops.cat(1, torch.randn(1, 1, 16), x.narrow(1, 1, 39));
        for (String landmarks : new String[] {"0", "4"}) {
            SequenceMixer mixer = build(CabSystem.LONG_SHORT, FREE.withOptions(Map.of("window", "8", "landmarks",
                    landmarks)));
            double far = Ops.largestDifference(mixer.forward(x).narrow(1, 16, 24), mixer.forward(changed).narrow(1, 16,
                    24));
            if (landmarks.equals("0")) {
                assertThat(far).isZero();
            } else {
                assertThat(far).isPositive();
            }
        }
    }

    /** A causal query sees the last w tokens, and of what is older whole chunks before its own. */
    @Test
    void causalLandmarksAreOfChunksBefore() {
        SequenceMixer mixer = build(CabSystem.LONG_SHORT, CAUSAL.withOptions(Map.of("window", "2", "chunk", "8")));
        Tensor x = torch.randn(1, 30, 16);
        Tensor changed = Ops.cat(1, x.narrow(1, 0, 9), torch.randn(1, 1, 16), x.narrow(1, 10, 20)); // token 9
        Tensor difference = mixer.forward(x).sub(mixer.forward(changed)).abs().amax(new long[] {0, 2}, false);
        for (int i = 0; i < 30; i++) {
            double at = difference.select(0, i).item_double();
            boolean sees = i == 9 || i == 10 || i >= 16;
            assertThat(at > 0).as("query %d, difference %s", i, at).isEqualTo(sees);
        }
    }

    @Test
    void causalLongShortRemembersAWindowAndItsLandmarks() {
        SequenceMixer mixer = build(CabSystem.LONG_SHORT, CAUSAL.withOptions(Map.of("window", "4", "chunk", "8")));
        try (MixerState state = mixer.state(1)) {
            mixer.prefill(torch.randn(1, 300, 16), state);
            long chunks = 300 / 8;
            long open = 300 % 8;
            assertThat(state.bytes()).isEqualTo(Float.BYTES * (2L * 3 * 16 + 2 * chunks * 16 + open * (2 + 2 * 16)));
        }
    }

    @Test
    void s4dSeesLaterTokensByItsSecondStateSpace() {
        SequenceMixer mixer = build(CabSystem.S4D_KIND, FREE);
        Tensor c = Weights.parameters(mixer).get("kernel.kernel.C");
        assertThat(c.shape()).containsExactly(2, 16, 8, 2);
        Tensor x = torch.randn(1, 12, 16);
        Tensor changed = Ops.cat(1, x.narrow(1, 0, 11), torch.randn(1, 1, 16));
        assertThat(Ops.largestDifference(mixer.forward(x).narrow(1, 0, 11), mixer.forward(changed).narrow(1, 0, 11)))
                .isGreaterThan(1e-5);
        c.select(0, 1).zero_(); // then no later token is seen
        assertThat(Ops.largestDifference(mixer.forward(x).narrow(1, 0, 11), mixer.forward(changed).narrow(1, 0, 11)))
                .isLessThan(1e-7);
    }

    @Test
    void whatDoesNotFitIsRefusedInALine() {
        for (MixerKind kind : new MixerKind[] {CabSystem.LARA, CabSystem.PROB_SPARSE}) {
            assertThatThrownBy(() -> kind.build(CAUSAL)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no causal form");
        }
        assertThatThrownBy(() -> CabSystem.S4D_KIND.build(CAUSAL.withOptions(Map.of("states", "5"))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("even number of states");
        assertThatThrownBy(() -> CabSystem.LONG_SHORT.build(FREE.withOptions(Map.of("taps", "4"))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("odd");
        assertThatThrownBy(() -> CabSystem.LONG_SHORT.build(CAUSAL.withOptions(Map.of("window", "0"))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("at least 1");
    }

    private static SequenceMixer build(MixerKind kind, MixerConfig config) {
        Seeds.seedTorch(5, "weights", 0);
        SequenceMixer mixer = kind.build(config);
        Weights.parameters(mixer).values().forEach(weight -> {
            if (weight.dim() == 2 && weight.size(0) > 1) {
                weight.mul_(new Scalar(8));
            }
        });
        mixer.eval();
        return mixer;
    }
}
