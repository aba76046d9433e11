package io.heed.sequence.transnormer;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.heed.sequence.BackboneState;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class TransNormerLlmTest {
    private static final TransNormerConfig CONFIG = TransNormerConfig.of(19, 3, 2, 16).withLrpe(Set.of(0, 2));

    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        torch.manual_seed(5);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void decodingInAnyChunksGivesWhatTheWholeSequenceGives() {
        TransNormerLlm model = new TransNormerLlm(CONFIG);
        Tensor tokens = torch.randint(19, new long[] {2, 23}).to(torch.ScalarType.Long);
        Tensor expected;
        try (NoGradGuard _ = new NoGradGuard()) {
            expected = model.forward(tokens, MixerContext.plain());
        }
        try (BackboneState state = model.state(2)) {
            long bytes = state.bytes();
            Tensor first = model.prefill(tokens.narrow(1, 0, 9), state);
            Tensor second = model.prefill(tokens.narrow(1, 9, 7), state);
            Tensor[] rest = new Tensor[7];
            for (int i = 0; i < rest.length; i++) {
                rest[i] = model.step(tokens.select(1, 16 + i), state);
            }
            assertThat(Ops.largestDifference(Ops.cat(1, first, second, Ops.stack(1, rest)), expected)).isLessThan(1e-5);
            assertThat(state.bytes()).as("constant memory").isEqualTo(bytes);
        }
    }

    @Test
    void aTiedHeadCountsOnceAndGetsTheGradientOfBothUses() {
        TransNormerLlm model = new TransNormerLlm(CONFIG);
        TransNormerConfig c = CONFIG;
        TransNormerLlm untied = new TransNormerLlm(new TransNormerConfig(c.vocabulary(), c.layers(), c.heads(),
                c.width(),
                c.hidden(), false, c.lrpeLayers(), false, 1, true, true, c.norm(), c.epsilon()));
        assertThat(untied.parameterCount() - model.parameterCount()).isEqualTo(19 * 16);
        Weights.load(untied, Weights.of(model));
        Tensor tokens = torch.randint(19, new long[] {2, 8}).to(torch.ScalarType.Long);
        for (TransNormerLlm each : new TransNormerLlm[] {model, untied}) {
            TransNormerLlm.loss(each.forward(tokens, MixerContext.plain()), tokens, -1).backward();
        }
        Map<String, Tensor> own = Weights.of(untied);
        Tensor both = own.get("transnormer.wte.weight").grad().add(own.get("lm_head.weight").grad());
        assertThat(Ops.largestDifference(Weights.of(model).get("transnormer.wte.weight").grad(), both))
                .isLessThan(1e-6);
    }

    @Test
    void weightsOfTheReleasedModelsLoadUnderTheirNames() {
        TransNormerLlm model = new TransNormerLlm(CONFIG);
        Map<String, Tensor> released = new LinkedHashMap<>();
        Weights.of(model).forEach((name, tensor) -> released.put(name
                .replace("transnormer.wte.", "model.embed_tokens.").replace("transnormer.h.", "model.layers."),
                tensor));
        assertThat(released).containsKeys("model.embed_tokens.weight", "model.layers.2.token_mixer.lrpe.theta");
        Weights.load(new TransNormerLlm(CONFIG), TransNormerLlm.fromReleased(released));
    }

    @Test
    void aLayerThatDoesNotExistIsRefused() {
        assertThatThrownBy(() -> CONFIG.withLrpe(Set.of(3))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("LRPE in layer 3: there are layers 0 to 2");
    }
}
