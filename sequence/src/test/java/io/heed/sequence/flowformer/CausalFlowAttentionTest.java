package io.heed.sequence.flowformer;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

import io.heed.nn.Form;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class CausalFlowAttentionTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(24, 3).withLength(64);

    @Override
    protected MixerKind kind() {
        return FlowSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(CONFIG, CONFIG.withOptions(Map.of("features", "elu", "competition", "false", "allocation",
                "false")),
                CONFIG.withOptions(Map.of("clamp", "none")));
    }

    /** From the equations, token pair by token pair, in float64. */
    @Test
    void outputsAreThoseOfTheEquations() {
        int n = 23;
        int d = 5;
        double eps = 1e-6;
        Tensor q = torch.randn(1, 1, n, d).to(ScalarType.Double).sigmoid();
        Tensor k = torch.randn(1, 1, n, d).to(ScalarType.Double).sigmoid();
        Tensor v = torch.randn(1, 1, n, d).to(ScalarType.Double);
        Tensor shiftedQ = Ops.shift(q, eps).select(0, 0).select(0, 0);
        Tensor shiftedK = Ops.shift(k, eps).select(0, 0).select(0, 0);
        double[] incoming = new double[n];
        double[] outgoing = new double[n];
        Tensor weights = torch.zeros(n, n).to(ScalarType.Double);
        double[] exponential = new double[n];
        double[] source = new double[n];
        for (int t = 0; t < n; t++) {
            incoming[t] = flow(shiftedQ, k, t, null, eps);
            outgoing[t] = flow(shiftedK, q, t, null, eps);
            double conservedIncoming = flow(shiftedQ, k, t, outgoing, eps);
            double conservedOutgoing = flow(shiftedK, q, t, incoming, eps);
            exponential[t] = Math.exp(Math.clamp(conservedOutgoing, -1, 1));
            double sum = 0;
            for (int j = 0; j <= t; j++) {
                sum += exponential[j];
            }
            source[t] = exponential[t] / sum * (t + 1);
            double allocation = 1 / (1 + Math.exp(-conservedIncoming));
            for (int j = 0; j <= t; j++) {
                double product = q.select(2, t).mul(k.select(2, j)).sum().item_double();
                weights.select(0, t).select(0, j).fill_(new org.bytedeco.pytorch.Scalar(
                        allocation * product / (incoming[t] * (t + 1)) * source[j]));
            }
        }
        Tensor expected = weights.matmul(v);
        for (Form form : List.of(Form.REFERENCE, Form.AUTO)) {
            assertThat(Ops.largestDifference(CausalFlows.outputs(q, k, v, null, FlowConfig.of(true), form), expected))
                    .isLessThan(1e-12);
        }
        assertThat(Ops.largestDifference(CausalFlows.weights(q, k, null, FlowConfig.of(true)).matmul(v), expected))
                .isLessThan(1e-12);
    }

    /** (x_t + eps) . (sum_{j <= t} other_j / by_j + eps) / (t + 1). */
    private static double flow(Tensor x, Tensor other, int t, double[] by, double eps) {
        Tensor sum = torch.zeros(x.size(1)).to(ScalarType.Double);
        for (int j = 0; j <= t; j++) {
            Tensor row = other.select(0, 0).select(0, 0).select(0, j);
            sum = sum.add(by == null ? row : Ops.scale(row, 1 / by[j]));
        }
        return x.select(0, t).mul(Ops.shift(sum, eps)).sum().item_double() / (t + 1);
    }

    @Test
    void aStateIsSixSumsAHead() {
        FlowAttention attention = new FlowAttention(FlowAttention.Sizes.of(24, 3), FlowConfig.of(true));
        try (MixerState state = attention.state(2)) {
            attention.prefill(torch.randn(2, 40, 24), state);
            assertThat(state.bytes()).isEqualTo(4L * 2 * 3 * (4 * 8 + 1 + 8 * 8));
        }
    }

    /** Without gradients a long sequence goes in chunks of 1024 tokens. */
    @Test
    void chunksGiveWhatTheWholeSequenceGives() {
        FlowAttention attention = new FlowAttention(FlowAttention.Sizes.of(24, 3), FlowConfig.of(true));
        Tensor x = torch.randn(2, 2500, 24);
        Tensor whole = attention.forward(x, MixerContext.of(Form.FUSED)).detach();
        try (NoGradGuard _ = new NoGradGuard()) {
            assertClose("in chunks", attention.forward(x, MixerContext.of(Form.FUSED)), whole, 1e-5);
        }
    }

    @Test
    void aBlockDecodesAsItReads() {
        FlowBlock block = new FlowBlock(FlowAttention.Sizes.of(16, 2), FlowConfig.of(true), 32, false, 1e-5);
        Tensor x = torch.randn(2, 9, 16);
        Tensor expected = block.forward(x, MixerContext.plain());
        try (MixerState state = block.state(2)) {
            assertClose("in two parts", Ops.cat(1, block.prefill(x.narrow(1, 0, 5), state),
                    block.prefill(x.narrow(1, 5, 4), state)), expected, 1e-5);
        }
    }

    @Test
    void whatItCannotDoIsSaid() {
        FlowAttention attention = new FlowAttention(FlowAttention.Sizes.of(8, 2), FlowConfig.of(true));
        Tensor x = torch.randn(1, 4, 8);
        assertThatThrownBy(() -> attention.attend(x, torch.randn(1, 5, 8), torch.randn(1, 5, 8), MixerContext.plain()))
                .hasMessageContaining("as many keys as queries, got 5 and 4");
        assertThatThrownBy(() -> kind().build(CONFIG.withOptions(Map.of("clamp", "-1"))))
                .hasMessageContaining("clamp -1.0");
    }
}
