package io.heed.nn;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

class TopKRoutingTest {
    private static final double LN_2 = Math.log(2);

    /** Two tokens, three experts: probabilities (1/2, 1/4, 1/4) and (1/8, 1/8, 3/4). */
    private static Tensor logits() {
        return Ops.of(new double[] {2 * LN_2, LN_2, LN_2, 0, 0, Math.log(6)}, 2, 3);
    }

    @Test
    void sendsTokensToTheMostProbable() {
        try (PointerScope _ = new PointerScope()) {
            TopKRouting one = TopKRouting.of(logits(), 1, false);
            assertThat(Ops.longs(one.experts())).containsExactly(0, 2);
            assertThat(Ops.doubles(one.gates())).containsExactly(new double[] {0.5, 0.75}, offset(1e-12));
            assertThat(Ops.doubles(one.dense())).containsExactly(new double[] {0.5, 0, 0, 0, 0, 0.75}, offset(1e-12));
            double[] two = Ops.doubles(TopKRouting.of(logits(), 2, true).gates());
            assertThat(two[0] + two[1]).isCloseTo(1, offset(1e-12));
            assertThat(two[0]).isCloseTo(2.0 / 3, offset(1e-12));
        }
    }

    @Test
    void lossesAreThoseOfTheirDefinitions() {
        try (PointerScope _ = new PointerScope()) {
            TopKRouting one = TopKRouting.of(logits(), 1, false);
            // f = (1/2, 0, 1/2), P = (5/16, 3/16, 1/2)
            assertThat(Ops.item(one.loadBalance())).isCloseTo(3 * (5 / 32.0 + 1 / 4.0), offset(1e-12));
            double z = (Math.pow(Math.log(8), 2) + Math.pow(Math.log(8), 2)) / 2;
            assertThat(Ops.item(one.zLoss())).isCloseTo(z, offset(1e-12));
        }
    }

    @Test
    void refusesMoreExpertsThanThereAre() {
        try (PointerScope _ = new PointerScope()) {
            assertThatThrownBy(() -> TopKRouting.of(logits(), 4, true))
                    .hasMessage("4 experts a token: must be from 1 to 3");
        }
    }
}
