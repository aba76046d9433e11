package io.heed.sequence.moh;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.nn.Form;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

class MohAttentionTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return MohSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        MixerConfig four = MixerConfig.of(32, 4).withLength(64);
        return List.of(four, four.withCausal(false), four.withOptions(Map.of("shared", "0", "routed", "3")),
                four.withOptions(Map.of("shared", "2", "routed", "1", "gates", "paper", "positions", "none")),
                MixerConfig.of(48, 6).withKeyValueHeads(2).withOptions(Map.of("router", "query-norm", "shared", "2")));
    }

    @Test
    void gatesHaveTheirMeans() {
        HeadRouter router = new HeadRouter(new Module("parent"), 16, 6, 2, 3,
                HeadRouter.Gates.SCALED);
        HeadRouter.Choice choice = router.choose(torch.randn(20, 16));
        double[] gates = Ops.doubles(choice.gates());
        boolean[] mask = Ops.booleans(choice.mask());
        for (int t = 0; t < 20; t++) {
            double shared = gates[6 * t] + gates[6 * t + 1];
            double routed = 0;
            int on = 0;
            for (int h = 2; h < 6; h++) {
                routed += gates[6 * t + h];
                on += mask[4 * t + h - 2] ? 1 : 0;
                assertThat(gates[6 * t + h] > 0).isEqualTo(mask[4 * t + h - 2]);
            }
            assertThat(on).isEqualTo(3);
            // a_0 + a_1 = 2, shared gates sum to 2 a_0, routed ones to 3 a_1
            assertThat(shared / 2 + routed / 3).isCloseTo(2, offset(1e-5));
        }
    }

    @Test
    void aTrainedModelsWeightsGoOn() {
        Seeds.seedTorch(2, "weights", 0);
        LanguageModel trained = model("softmax");
        LanguageModel all = model("moh:router=query-norm,shared=2,routed=2");
        LanguageModel fewer = model("moh:router=query-norm,shared=2,routed=1");
        Weights.load(all, Weights.of(trained));
        Weights.load(fewer, Weights.of(trained));
        Tensor tokens = Ops.of(new long[] {3, 1, 4, 1, 5, 9, 2, 6}, 1, 8);
        assertThat(Ops.largestDifference(all.forward(tokens), trained.forward(tokens))).isLessThan(1e-5);
        assertThat(Ops.largestDifference(fewer.forward(tokens), trained.forward(tokens))).isGreaterThan(1e-4);
    }

    private static LanguageModel model(String mixer) {
        BackboneConfig config = BackboneConfig.of(mixer, 32, 2, 16);
        LanguageModel model =
                new LanguageModel(new LanguageModelConfig(11, true, new BackboneConfig(32, 2, 4, 4, 16, 64,
                config.norm(), config.mlp(), 0, true, config.mixers())));
        model.eval();
        return model;
    }

    /** What heads that are off hold does not matter: their keys and values are not even looked at. */
    @Test
    void headsThatAreOffAreNotComputed() {
        MixerConfig config = MixerConfig.of(32, 4).withOptions(Map.of("shared", "1", "routed", "1"));
        MohAttention mixer = (MohAttention) kind().build(config);
        mixer.eval();
        try (NoGradGuard _ = new NoGradGuard()) {
            // the first routed head wins for every token; the values of the two others are not finite
            Weights.of(mixer).get("wg.weight").zero_();
            Weights.of(mixer).get("wg.weight").select(0, 0).fill_(new Scalar(1));
            Tensor x = torch.rand(2, 9, 32);
            Weights.of(mixer).get("qkv.weight").narrow(0, 64 + 16, 16).fill_(new Scalar(Float.NaN));
            MohAttention.Trace trace = mixer.trace(x, MixerContext.of(Form.FUSED));
            assertThat(Ops.booleans(trace.mask())).startsWith(true, false, false);
            assertThat(torch.isfinite(trace.out()).all().item_bool()).as("at once").isTrue();
            try (MixerState state = mixer.state(2)) {
                Tensor last = null;
                for (int t = 0; t < 9; t++) {
                    last = mixer.step(x.select(1, t), state);
                }
                assertThat(torch.isfinite(last).all().item_bool()).as("step by step").isTrue();
            }
        }
    }

    @Test
    void refusesChoicesThatDoNotFit() {
        assertThatThrownBy(() -> kind().build(MixerConfig.of(32, 4).withOptions(Map.of("shared", "3", "routed", "2"))))
                .hasMessageContaining("3 shared and 2 routed heads of 4");
        assertThatThrownBy(() -> kind().build(MixerConfig.of(32, 4).withOptions(Map.of("shared", "3", "routed", "0"))))
                .hasMessageContaining("all 4 heads must be shared, got 3");
    }
}
