package io.heed.sequence.flowformer;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;

class FlowAttentionTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(24, 3).withLength(64).withCausal(false);
    private static final int SINKS = 11;
    private static final int SOURCES = 17;

    @Override
    protected MixerKind kind() {
        return FlowSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(CONFIG, CONFIG.withOptions(Map.of("features", "relu", "clamp", "none")),
                CONFIG.withOptions(Map.of("competition", "false")));
    }

    /** Without order the composed form is linear already. */
    @Override
    protected boolean hasFusedForm() {
        return false;
    }

    private static Tensor features(long count) {
        return torch.randn(2, 3, count, 6).to(ScalarType.Double).sigmoid();
    }

    /**
     * Every conserved sink takes in exactly 1, every conserved source gives exactly 1, so all that flows is L and S.
     */
    @Test
    void flowsAreConserved() {
        Tensor q = features(SINKS);
        Tensor k = features(SOURCES);
        Flows flows = Flows.of(q, k, null, null, FlowConfig.of(false).withEpsilon(0));
        Tensor capacity = q.matmul(k.transpose(-2, -1)); // (B, H, L, S)
        Tensor bySink = capacity.div(flows.incoming().unsqueeze(-1));
        Tensor bySource = capacity.div(flows.outgoing().unsqueeze(-2));
        equal(bySink.sum(new long[] {-1}, false, null), torch.ones_like(flows.incoming()));
        equal(bySource.sum(new long[] {-2}, false, null), torch.ones_like(flows.outgoing()));
        equal(flows.conservedOutgoing(), bySink.sum(new long[] {-2}, false, null));
        equal(flows.conservedIncoming(), bySource.sum(new long[] {-1}, false, null));
        equal(total(flows.conservedOutgoing()), filled(SINKS));
        equal(total(flows.conservedIncoming()), filled(SOURCES));
        equal(total(flows.competition()), filled(SOURCES));
        Tensor allocation = flows.allocation();
        assertThat(allocation.min().item_double()).isPositive();
        assertThat(allocation.max().item_double()).isLessThan(1);
    }

    /** What a padded token holds changes no flow, and conservation holds among the rest. */
    @Test
    void flowsAreConservedAmongTokensThatExist() {
        Tensor q = features(SINKS);
        Tensor k = features(SOURCES);
        Padding sinks = Padding.ofLengths(SINKS, 7, 7);
        Padding sources = Padding.ofLengths(SOURCES, 12, 12);
        FlowConfig config = FlowConfig.of(false).withEpsilon(1e-6);
        Flows padded = Flows.of(q, k, sinks, sources, config);
        Flows alone = Flows.of(q.narrow(2, 0, 7), k.narrow(2, 0, 12), null, null, config);
        equal(padded.incoming().narrow(2, 0, 7), alone.incoming());
        equal(padded.outgoing().narrow(2, 0, 12), alone.outgoing());
        equal(padded.allocation().narrow(2, 0, 7), alone.allocation());
        equal(padded.competition().narrow(2, 0, 12), alone.competition());
        equal(padded.competition().narrow(2, 12, 5), torch.zeros(2, 3, 5).to(ScalarType.Double));
    }

    /** Gradients of a clamped flow are 0 outside of the bounds. */
    @Test
    void theClampCutsTheGradient() {
        Tensor flow = Ops.of(new double[] {-1.5, -0.5, 0.5, 1.5}).requires_grad_(true);
        FlowConfig.of(false).clamped(flow).sum().backward();
        assertThat(Ops.doubles(flow.grad())).containsExactly(0, 1, 1, 0);
    }

    @Test
    void oneSourceIsTakenAsItIs() {
        Tensor q = features(3);
        Tensor k = features(1);
        Tensor v = torch.randn(2, 3, 1, 6).to(ScalarType.Double);
        Flows flows = Flows.of(q, k, null, null, FlowConfig.of(false).withEpsilon(0));
        equal(flows.outputs(q, k, v), v.expand(2, 3, 3, 6).mul(flows.allocation().unsqueeze(-1)));
    }

    @Test
    void theMatrixTimesValuesIsTheOutput() {
        Tensor q = features(SINKS);
        Tensor k = features(SOURCES);
        Tensor v = torch.randn(2, 3, SOURCES, 6).to(ScalarType.Double);
        Flows flows = Flows.of(q, k, null, null, FlowConfig.of(false));
        equal(flows.weights(q, k).matmul(v), flows.outputs(q, k, v));
    }

    @Test
    void crossAttentionTakesEitherSideLonger() {
        FlowAttention attention = new FlowAttention(new FlowAttention.Sizes(12, 16, 10, 4, 0, 1), FlowConfig.of(false));
        for (int[] lengths : new int[][] {{11, 17}, {17, 11}, {5, 1}, {1, 5}}) {
            Tensor memory = torch.randn(2, lengths[1], 12);
            Tensor y = attention.attend(torch.randn(2, lengths[0], 12), memory, memory, MixerContext.plain());
            assertThat(y.shape()).containsExactly(2, lengths[0], 10);
            assertThat(torch.isfinite(y).all().item_bool()).isTrue();
        }
    }

    private static Tensor total(Tensor flows) {
        return flows.sum(new long[] {-1}, false, null);
    }

    private static Tensor filled(double value) {
        return torch.full(new long[] {2, 3}, new Scalar(value)).to(ScalarType.Double);
    }

    private static void equal(Tensor actual, Tensor expected) {
        assertThat(Ops.largestDifference(actual, expected)).isLessThan(1e-9);
    }
}
