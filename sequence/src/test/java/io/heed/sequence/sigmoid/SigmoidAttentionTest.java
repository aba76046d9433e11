package io.heed.sequence.sigmoid;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.nn.Form;
import io.heed.nn.Padding;
import io.heed.sequence.BackboneState;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class SigmoidAttentionTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(24, 3).withLength(64);

    @Override
    protected MixerKind kind() {
        return SigmoidSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(CONFIG, CONFIG.withOptions(Map.of("positions", "alibi", "temperature", "0.3")),
                MixerConfig.of(32, 4).withKeyValueHeads(2).withOptions(Map.of("qk-norm", "false", "positions", "none")),
                CONFIG.withOptions(Map.of("window", "5", "positions", "alibi")),
                CONFIG.withOptions(Map.of("rows", "length")),
                CONFIG.withOptions(Map.of("rows", "root-length")),
                CONFIG.withOptions(Map.of("branch", "norm")), CONFIG.withCausal(false),
                CONFIG.withCausal(false).withOptions(Map.of("window", "8", "positions", "alibi", "bias", "-1.5")));
    }

    @Test
    void theBiasBringsInitialOutputsBackToSoftmaxsScale() {
        int length = 256;
        SigmoidConfig config = SigmoidConfig.causal(32, 2, length).withCausal(false).withQueryKeyNorm(false, 1e-5);
        Seeds.seedTorch(1, "weights", 0);
        Tensor x = torch.randn(2, length, 32);
        double plain = norm(config.withLogits(0, 0), x);
        double biased = norm(config, x);
        assertThat(plain / biased).as("n / 2 against n / (n + 1)").isBetween(100.0, 150.0);
    }

    private static double norm(SigmoidConfig config, Tensor x) {
        Seeds.seedTorch(2, "weights", 0);
        return new SigmoidAttention(config).trace(x, MixerContext.plain()).timesValues().norm().item_double();
    }

    @Test
    void rowsOfEqualLogitsWeighAsTheFormulaSays() {
        SigmoidAttention attention = new SigmoidAttention(SigmoidConfig.causal(8, 1, 100).withQueryKeyNorm(false, 1e-5)
                .withPositions(SigmoidConfig.Positions.NONE));
        Tensor matrix = attention.trace(torch.zeros(1, 4, 8), MixerContext.plain()).matrix();
        assertClose("1 / (n + 1) for keys up to the query", matrix,
                torch.ones(1, 1, 4, 4).tril().div(new Scalar(101.0)), 1e-7);
    }

    @Test
    void temperatureScalesLogitsButNotTheBias() {
        SigmoidConfig config = SigmoidConfig.causal(8, 2, 32).withPositions(SigmoidConfig.Positions.ALIBI);
        Seeds.seedTorch(5, "weights", 0);
        SigmoidAttention warm = new SigmoidAttention(config.withLogits(-1, 0.7));
        Seeds.seedTorch(5, "weights", 0);
        SigmoidAttention cold = new SigmoidAttention(config.withLogits(0, 0));
        Tensor x = torch.randn(1, 6, 8);
        Tensor logits = cold.trace(x, MixerContext.plain()).matrix().logit();
        Tensor expected = logits.mul(new Scalar(Math.exp(0.7))).sub(new Scalar(1)).sigmoid();
        assertClose("sigmoid(s exp(temp) + b)", warm.trace(x, MixerContext.plain()).matrix().tril(), expected.tril(),
                1e-6);
    }

    @Test
    void dividedRowsAreTheRowsOverTheirLength() {
        SigmoidConfig config = SigmoidConfig.causal(8, 2, 32).withCausal(false);
        Tensor x = torch.randn(1, 9, 8);
        Tensor length = torch.arange(new Scalar(1), new Scalar(10)).view(1, 1, 9, 1);
        Tensor plain = matrix(config, x);
        assertClose("i + 1", matrix(config.withRows(SigmoidConfig.RowNormalisation.LENGTH), x), plain.div(length),
                1e-7);
        assertClose("its root", matrix(config.withRows(SigmoidConfig.RowNormalisation.ROOT_LENGTH), x),
                plain.div(length.sqrt()), 1e-7);
    }

    private static Tensor matrix(SigmoidConfig config, Tensor x) {
        Seeds.seedTorch(6, "weights", 0);
        return new SigmoidAttention(config).trace(x, MixerContext.plain()).matrix();
    }

    @Test
    void paddingAddsToCausality() {
        SigmoidAttention attention = new SigmoidAttention(SigmoidConfig.causal(8, 2, 32));
        Tensor padded = Ops.of(new boolean[] {false, true, false, false, true}, 1, 5);
        Tensor matrix = attention.trace(torch.randn(1, 5, 8), MixerContext.plain().withPadding(new Padding(padded)))
                .matrix();
        Tensor visible = torch.ones(5, 5).tril().mul(padded.logical_not());
        assertThat(Ops.largestDifference(matrix.gt(new Scalar(0)), visible.gt(new Scalar(0)).expand(matrix.shape())))
                .isZero();
    }

    @Test
    void crossAttentionIsTheSameFusedAndComposed() {
        SigmoidCrossAttention attention = new SigmoidCrossAttention(SigmoidConfig.causal(24, 3, 17).withCausal(false)
                .withPositions(SigmoidConfig.Positions.NONE).withLinearBias(true));
        Padding padding = Padding.ofLengths(17, 17, 9);
        Tensor[] gradients = new Tensor[2];
        Tensor[] outputs = new Tensor[2];
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            Seeds.seedTorch(3, "input", 0);
            Tensor memory = torch.randn(2, 17, 24).requires_grad_(true);
            outputs[form.ordinal() - 1] = attention.forward(torch.randn(2, 5, 24), memory, padding, form);
            outputs[form.ordinal() - 1].square().sum().backward();
            gradients[form.ordinal() - 1] = memory.grad();
        }
        assertClose("outputs", outputs[1], outputs[0], 1e-6);
        assertClose("gradients of the memory", gradients[1], gradients[0], 1e-5);
        assertThat(Ops.slice(gradients[1].select(0, 1), 0, 9, 17).abs().max().item_double()).as("padded memory")
                .isZero();
    }

    @Test
    void layerScaleStartsAsNearlyNothing() {
        SigmoidBlock block = new SigmoidBlock(SigmoidBlockConfig.of(SigmoidConfig.causal(16, 2, 32),
                SigmoidBlockConfig.Branch.LAYER_SCALE));
        Tensor x = torch.randn(1, 12, 16);
        assertThat(Ops.largestDifference(block.forward(x, MixerContext.plain()), x)).isBetween(1e-9, 1e-2);
    }

    @Test
    void theModelDecodesWhatItComputesAtOnce() {
        SigmoidTransformer model = new SigmoidTransformer(11, 2, SigmoidBlockConfig.of(SigmoidConfig.causal(16, 2, 32),
                SigmoidBlockConfig.Branch.NORM));
        Tensor tokens = Ops.of(new long[] {1, 5, 9, 2, 10, 0, 3, 3, 7, 4}, 1, 10);
        Tensor logits = model.forward(tokens, MixerContext.plain());
        try (BackboneState state = model.state(1)) {
            Tensor parts = Ops.cat(1, model.prefill(Ops.slice(tokens, 1, 0, 6), state),
                    model.prefill(Ops.slice(tokens, 1, 6, 7), state), model.prefill(Ops.slice(tokens, 1, 7, 10),
                    state));
            assertClose("logits", parts, logits, 1e-5);
        }
        long ignored = SigmoidTransformer.IGNORED;
        Tensor some = Ops.of(new long[] {ignored, 5, 9, 2, 10, ignored, 3, 3, 7, 4}, 1, 10);
        Tensor others = Ops.cat(1, Ops.slice(some, 1, 1, 5), Ops.slice(some, 1, 6, 10)).flatten();
        Tensor rows = Ops.cat(1, Ops.slice(logits, 1, 1, 5), Ops.slice(logits, 1, 6, 10)).flatten(0, 1);
        assertThat(model.loss(tokens, some, MixerContext.plain()).item_double())
                .as("masked targets do not count")
                .isCloseTo(torch.cross_entropy(rows, others).item_double(), within(1e-6));
    }

    @Test
    void dropoutNeedsTheComposedForm() {
        SigmoidAttention attention = new SigmoidAttention(SigmoidConfig.causal(8, 2, 32).withDropout(0.5));
        Tensor x = torch.randn(1, 6, 8);
        assertThat(Ops.largestDifference(attention.forward(x), attention.forward(x))).as("drops anew").isPositive();
        assertThatThrownBy(() -> attention.forward(x, MixerContext.of(Form.FUSED)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("dropout");
        attention.eval();
        assertThat(Ops.largestDifference(attention.forward(x), attention.forward(x))).isZero();
    }
}
