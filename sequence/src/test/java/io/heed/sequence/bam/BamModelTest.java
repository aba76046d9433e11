package io.heed.sequence.bam;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.heed.nn.Form;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;

class BamModelTest {
    private static final int VOCABULARY = 13;

    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        Seeds.seedTorch(4, "weights", 0);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static SoftMixtureConfig attention(int experts, boolean sharing) {
        return new SoftMixtureConfig(16, 4, 2, 4, experts, sharing, 0, true, true);
    }

    private static DenseModel dense() {
        return new DenseModel(VOCABULARY, 2, attention(1, false), 20);
    }

    private static BamConfig config(Upcycling.Attention attention, int experts, int topK) {
        return new BamConfig(attention(attention == Upcycling.Attention.AVERAGED ? 1 : experts,
                attention == Upcycling.Attention.SHARED_KEYS_AND_VALUES), experts, 20, topK, true, 1e-5);
    }

    private static Tensor tokens() {
        return Ops.of(new long[] {1, 5, 12, 0, 7, 7, 3, 2, 9, 4, 11, 6}, 2, 6);
    }

    /** Copies of one model are that model, however they are mixed, when gates sum to 1. */
    @ParameterizedTest
    @EnumSource(Upcycling.Attention.class)
    void copiesOfOneModelAreThatModel(Upcycling.Attention attention) {
        DenseModel model = dense();
        BamModel mixture = BamModel.of(List.of(model, model, model), VOCABULARY, config(attention, 3, 2), attention);
        Tensor expected = model.forward(tokens(), MixerContext.plain());
        assertThat(Ops.largestDifference(mixture.forward(tokens(), MixerContext.plain()), expected)).isLessThan(1e-5);
    }

    @Test
    void averagesWhatIsNoExpert() {
        DenseModel a = dense();
        DenseModel b = dense();
        BamModel mixture = BamModel.of(List.of(a, b), VOCABULARY,
                config(Upcycling.Attention.SHARED_KEYS_AND_VALUES, 2, 1), Upcycling.Attention.SHARED_KEYS_AND_VALUES);
        for (String[] names : new String[][] {{"embed.weight", "embed.weight"},
            {"blocks.1.attn.k_proj.weight", "blocks.1.attn.k_proj.weight"}}) {
            Tensor mean = Weights.of(a).get(names[1]).add(Weights.of(b).get(names[1])).div(new Scalar(2));
            assertThat(Ops.largestDifference(Weights.of(mixture).get(names[0]), mean)).as(names[0]).isLessThan(1e-7);
        }
        assertThat(Ops.largestDifference(Weights.of(mixture).get("blocks.0.attn.1.q_proj.weight"),
                Weights.of(b).get("blocks.0.attn.q_proj.weight"))).isZero();
    }

    @Test
    void tokensGatheredByExpertGiveWhatAllExpertsOnAllTokensGive() {
        BamBlock block = new BamBlock(config(Upcycling.Attention.EXPERTS, 5, 2));
        List<List<Tensor>> results = new ArrayList<>();
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            block.zero_grad(true);
            Seeds.seedTorch(9, "input", 0);
            Tensor x = torch.randn(2, 7, 16).requires_grad_(true);
            MixerContext context = MixerContext.of(form);
            Tensor y = block.forward(x, context);
            y.mul(y).sum().add(context.loss().orElseThrow()).backward();
            List<Tensor> result = new ArrayList<>(List.of(y, x.grad()));
            Weights.parameters(block).values().forEach(weight -> result.add(weight.grad().clone()));
            results.add(result);
        }
        for (int i = 0; i < results.getFirst().size(); i++) {
            Tensor expected = results.getFirst().get(i);
            assertThat(Ops.largestDifference(results.get(1).get(i), expected))
                    .isLessThan(2e-5 * Math.max(1, expected.abs().max().item_double()));
        }
    }

    @Test
    void decodesWhatItComputesAtOnce() {
        BamBlock block = new BamBlock(config(Upcycling.Attention.SHARED_KEYS_AND_VALUES, 3, 1));
        Tensor x = torch.randn(2, 9, 16);
        try (NoGradGuard _ = new NoGradGuard(); MixerState state = block.state(2)) {
            Tensor expected = block.forward(x, MixerContext.plain());
            Tensor first = block.prefill(x.narrow(1, 0, 5), state);
            Tensor second = block.prefill(x.narrow(1, 5, 1), state);
            Tensor third = block.prefill(x.narrow(1, 6, 3), state);
            assertThat(Ops.largestDifference(Ops.cat(1, first, second, third), expected)).isLessThan(1e-5);
        }
    }
}
