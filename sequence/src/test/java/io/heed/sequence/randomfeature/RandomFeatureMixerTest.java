package io.heed.sequence.randomfeature;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;

class RandomFeatureMixerTest extends MixerContract {
    private static final MixerConfig CONFIG = MixerConfig.of(24, 3).withLength(64);

    @Override
    protected MixerKind kind() {
        return RandomFeatureSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(CONFIG, CONFIG.withCausal(false), CONFIG.withOptions(Map.of("bias", "1")),
                CONFIG.withCausal(false).withOptions(Map.of("score", "softmax", "bias", "0.5")));
    }

    @Override
    protected boolean hasFusedForm() {
        return false;
    }

    @Test
    void queriesAndKeysAreFrozen() {
        SequenceMixer mixer = build(CONFIG);
        assertThat(Weights.parameters(mixer)).containsOnlyKeys("value.weight", "value.bias", "proj.weight");
        mixer.forward(torch.randn(2, 7, 24)).sum().backward();
        Map<String, Tensor> all = Weights.of(mixer);
        assertThat(all.get("query").requires_grad() || all.get("key").requires_grad()).isFalse();
    }
}
