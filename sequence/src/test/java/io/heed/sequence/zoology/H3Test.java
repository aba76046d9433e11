package io.heed.sequence.zoology;

import java.util.List;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;

class H3Test extends MixerContract {
    @Override
    protected MixerKind kind() {
        return ZoologySystem.H3_KIND;
    }

    @Override
    protected List<MixerConfig> configs() {
        MixerConfig plain = MixerConfig.of(24, 3).withLength(64);
        return List.of(plain.withOptions(Map.of("states", "16")),
                plain.withOptions(Map.of("states", "6", "head-width", "3")));
    }

    /** The projections grow; the state spaces, whose exponents may not, stay. */
    @Override
    protected SequenceMixer build(MixerConfig config) {
        Seeds.seedTorch(7, "weights", 0);
        SequenceMixer mixer = kind().build(config);
        mixer.eval();
        try (NoGradGuard _ = new NoGradGuard()) {
            Weights.parameters(mixer).forEach((name, parameter) -> {
                if (name.endsWith("weight")) {
                    parameter.mul_(new Scalar(8));
                }
            });
        }
        return mixer;
    }

    @Test
    void diagonalFilterIsItsRecurrencesAnswerToAnImpulse() {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            for (DiagonalKernel.Discretisation how : DiagonalKernel.Discretisation.values()) {
                for (DiagonalKernel.RealType real : DiagonalKernel.RealType.values()) {
                    Seeds.seedTorch(3, "weights", 0);
                    DiagonalKernel kernel = new DiagonalKernel(5, 8, how, real);
                    Weights.parameters(kernel).get("kernel.inv_A_real").fill_(new Scalar(0.7));
                    Tensor taps = kernel.taps(23);
                    DiagonalKernel.Recurrence recurrence = kernel.recurrence();
                    Tensor state = torch.ones_like(recurrence.a());
                    for (long l = 0; l < 23; l++) {
                        Tensor y = Ops.scale(torch.real(state.mul(recurrence.c()).sum(new long[] {-1})), 2);
                        assertThat(Ops.largestDifference(y, taps.select(0, l))).as("%s, %s, tap %d", how, real, l)
                                .isLessThan(2e-5);
                        state = state.mul(recurrence.a());
                    }
                }
            }
        }
    }
}
