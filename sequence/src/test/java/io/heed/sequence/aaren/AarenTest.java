package io.heed.sequence.aaren;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.nn.Padding;
import io.heed.sequence.BackboneState;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class AarenTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(24, 3).withLength(64);

    @Override
    protected MixerKind kind() {
        return AarenSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(CONFIG, CONFIG.withOptions(Map.of("keys", "projected")), MixerConfig.of(12, 1).withLength(64));
    }

    /** Xavier's weights are large enough; larger ones let one token outweigh all others. */
    @Override
    protected SequenceMixer build(MixerConfig config) {
        Seeds.seedTorch(7, "weights", 0);
        SequenceMixer mixer = kind().build(config);
        mixer.eval();
        return mixer;
    }

    @Test
    void foldingTheKeysChangesNothing() {
        Aaren folded = new Aaren(24, 3, Aaren.Keys.FOLDED);
        Aaren projected = new Aaren(24, 3, Aaren.Keys.PROJECTED);
        copy(folded.parameters(), projected.parameters());
        Tensor x = torch.randn(2, 31, 24);
        Tensor probe = torch.randn(2, 31, 24);
        Tensor a = folded.forward(x);
        Tensor b = projected.forward(x);
        assertClose("outputs", a, b, 1e-6);
        a.mul(probe).sum().backward();
        b.mul(probe).sum().backward();
        TensorVector ours = folded.parameters();
        TensorVector theirs = projected.parameters();
        for (long i = 0; i < ours.size(); i++) {
            assertClose("gradient " + i, ours.get(i).grad(), theirs.get(i).grad(), 1e-5);
        }
    }

    @Test
    void orderWithinAPrefixMakesNoDifference() {
        Aaren aaren = new Aaren(24, 3, Aaren.Keys.FOLDED);
        Tensor x = torch.randn(1, 20, 24);
        Tensor turned = x.flip(1);
        Tensor last = Ops.slice(aaren.forward(x), 1, 19, 20);
        assertClose("the last output", Ops.slice(aaren.forward(turned), 1, 19, 20), last, 1e-6);
        assertThat(Ops.largestDifference(Ops.slice(aaren.forward(turned), 1, 9, 10),
                Ops.slice(aaren.forward(x), 1, 9, 10)))
                .isGreaterThan(1e-3);
    }

    @Test
    void aPrefixOfPaddingGivesTheOutputBias() {
        Aaren aaren = new Aaren(24, 3, Aaren.Keys.FOLDED);
        Tensor padded = Ops.of(new boolean[] {true, true, false, false, true}, 1, 5);
        Tensor x = torch.randn(1, 5, 24).requires_grad_(true);
        Tensor y = aaren.forward(x, MixerContext.plain().withPadding(new Padding(padded)));
        assertThat(Ops.slice(y, 1, 0, 2).abs().max().item_double()).as("o = 0, and the fresh bias is 0").isZero();
        y.sum().backward();
        assertThat(torch.isfinite(x.grad()).all().item_bool()).isTrue();
        assertThat(Ops.slice(x.grad(), 1, 0, 2).abs().max().item_double()).as("padding gets no gradient").isZero();
    }

    @Test
    void stateDoesNotGrow() {
        Aaren aaren = new Aaren(24, 3, Aaren.Keys.FOLDED);
        try (MixerState state = aaren.state(2)) {
            long empty = state.bytes();
            assertThat(empty).as("m, c and 8 channels, 3 heads, 2 streams, 4 bytes").isEqualTo(2 * 3 * (1 + 1 + 8) * 4);
            aaren.prefill(torch.randn(2, 100, 24), state);
            assertThat(state.bytes()).isEqualTo(empty);
        }
    }

    @Test
    void aStackHasThePapersParameterCount() {
        assertThat(count(new AarenLayer(AarenStackConfig.of(512, 8, 2048, 1)).parameters())).isEqualTo(3_152_896);
    }

    @Test
    void aStackStreamsInChunksOfAnyLength() {
        for (AarenStackConfig.Placement placement : AarenStackConfig.Placement.values()) {
            Seeds.seedTorch(4, "weights", 0);
            AarenStack stack = new AarenStack(AarenStackConfig.of(16, 2, 32, 3).withPlacement(placement));
            Tensor x = torch.randn(2, 29, 16);
            Tensor whole = stack.forward(x, MixerContext.plain());
            try (BackboneState state = stack.state(2)) {
                Tensor chunks = Ops.cat(1, stack.prefill(Ops.slice(x, 1, 0, 11), state),
                        stack.prefill(Ops.slice(x, 1, 11, 28), state),
                        stack.step(x.select(1, 28), state).unsqueeze(1));
                assertClose("chunks, " + placement, chunks, whole, 1e-6);
                assertThat(state.position()).isEqualTo(29);
                assertThat(state.bytes()).isEqualTo(3 * 2 * 2 * (1 + 1 + 8) * 4);
            }
        }
    }

    @Test
    void whatItCannotDoIsSaid() {
        assertThatThrownBy(() -> kind().build(CONFIG.withCausal(false))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("prefixes");
        assertThatThrownBy(() -> kind().build(MixerConfig.of(24, 4).withKeyValueHeads(2)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("must be 4, got 2");
        assertThatThrownBy(() -> new Aaren(10, 3, Aaren.Keys.FOLDED)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("10").hasMessageContaining("3");
    }

    private static void copy(TensorVector from, TensorVector to) {
        try (NoGradGuard _ = new NoGradGuard()) {
            for (long i = 0; i < from.size(); i++) {
                to.get(i).copy_(from.get(i));
            }
        }
    }

    private static long count(TensorVector parameters) {
        long sum = 0;
        for (long i = 0; i < parameters.size(); i++) {
            sum += parameters.get(i).numel();
        }
        return sum;
    }
}
