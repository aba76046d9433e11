package io.heed.sequence.zoology;

import java.util.Arrays;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.nn.Form;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class OracleLookupsTest {
    private static final long[] IDS = {3, 5, 3, 7, 5, 5, 1, 2, 4, 6, 8, 8};

    @Test
    void tokensThatStandEarlierAreSelected() {
        int[][] positions = OracleLookups.repeats(Ops.of(IDS, 2, 6));
        assertThat(positions[0]).containsExactly(2, 4, 5);
        assertThat(positions[1]).containsExactly(5);
    }

    @Test
    void attendsThereAndNowhereElse() {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(1, "oracle", 0);
            OracleLookups oracle = new OracleLookups(8, 2, 1);
            ZoologyAttention attention = new ZoologyAttention(8, 2, 1);
            Map<String, Tensor> weights = Weights.parameters(oracle);
            Weights.parameters(attention).forEach((name, weight) -> weight.detach().copy_(weights.get(name)));
            Tensor x = torch.randn(2, 6, 8);
            Tensor tokens = Ops.of(IDS, 2, 6);
            Tensor full = attention.forward(x).add(x);
            for (Form form : new Form[] {Form.REFERENCE, Form.AUTO}) {
                Tensor y = oracle.forward(x, tokens, MixerContext.of(form));
                int[][] positions = OracleLookups.repeats(tokens);
                for (int b = 0; b < 2; b++) {
                    for (int t = 0; t < 6; t++) {
                        int at = t;
                        boolean told = Arrays.stream(positions[b]).anyMatch(p -> p == at);
                        assertThat(Ops.largestDifference(y.select(0, b).select(0, t),
                                (told ? full : x).select(0, b).select(0, t))).isLessThan(1e-6);
                    }
                }
            }
        }
    }

    /** Computing the chosen rows alone gives the gradients of computing all and hiding the others. */
    @Test
    void chosenRowsHaveTheGradientsOfTheDefinition() {
        try (PointerScope _ = new PointerScope()) {
            OracleLookups oracle = new OracleLookups(8, 2, 1);
            Tensor x = torch.randn(2, 6, 8);
            Tensor probe = torch.randn(2, 6, 8);
            Tensor[] gradients = new Tensor[2];
            for (int form = 0; form < 2; form++) {
                oracle.zero_grad(true);
                oracle.forward(x, Ops.of(IDS, 2, 6), MixerContext.of(form == 0 ? Form.REFERENCE : Form.AUTO))
                        .mul(probe).sum().backward();
                gradients[form] = Weights.parameters(oracle).get("Wqkv.weight").grad().clone();
            }
            assertThat(gradients[0].abs().max().item_double()).isPositive();
            assertThat(Ops.largestDifference(gradients[1], gradients[0])).isLessThan(1e-6);
        }
    }

    @Test
    void standsInTheModelAndRefusesWithoutTokens() {
        try (PointerScope _ = new PointerScope()) {
            ZoologyModel model = new ZoologyModel(new ZoologyModel.Config(9, 8, 2, 0, false, true, 1e-5, 0),
                    layer -> layer == 0 ? new BaseConv(new BaseConv.Config(8, 6, 3, 3, 4, false))
                            : new OracleLookups(8, 2, 2));
            assertThat(model.forward(Ops.of(IDS, 2, 6), MixerContext.plain()).shape()).containsExactly(2, 6, 9);
            assertThatThrownBy(() -> new OracleLookups(8, 2, 1).forward(torch.randn(1, 3, 8)))
                    .isInstanceOf(UnsupportedOperationException.class).hasMessageContaining("told the tokens");
        }
    }
}
