package io.heed.sequence.lightning;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.nn.CausalLinearAttention;
import io.heed.nn.Form;
import io.heed.sequence.DecayRates;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;

class SpeedArmsTest {
    /** What is timed against the kernel must compute what the kernel computes, across segments and row blocks. */
    @Test
    void theSlowArmsComputeTheSame() {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            torch.manual_seed(2);
            Tensor q = Ops.scale(torch.randn(2, 4, 600, 64), 0.25);
            Tensor k = Ops.scale(torch.randn(2, 4, 600, 64), 0.25);
            Tensor v = torch.randn(2, 4, 600, 64);
            Tensor expected = CausalLinearAttention.outputs(q, k, v, DecayRates.none(4), Form.FUSED);
            double size = expected.abs().max().item_double();
            assertThat(Ops.largestDifference(SpeedArms.runningSums(q, k, v), expected) / size).isLessThan(2e-5);
            assertThat(Ops.largestDifference(SpeedArms.dense(q, k, v), expected) / size).isLessThan(2e-5);
        }
    }
}
