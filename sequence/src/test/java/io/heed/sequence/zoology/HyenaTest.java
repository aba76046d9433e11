package io.heed.sequence.zoology;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;

class HyenaTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return ZoologySystem.HYENA;
    }

    @Override
    protected List<MixerConfig> configs() {
        MixerConfig plain = MixerConfig.of(24, 3).withLength(64).withOptions(Map.of("order", "8"));
        return List.of(plain, plain.withLength(150).withOptions(Map.of("order", "8", "learn-positions", "true")));
    }

    /** Linear weights grow; the frequency, registered under three names, does not grow three times. */
    @Override
    protected SequenceMixer build(MixerConfig config) {
        Seeds.seedTorch(7, "weights", 0);
        SequenceMixer mixer = kind().build(config);
        mixer.eval();
        try (NoGradGuard _ = new NoGradGuard()) {
            Weights.parameters(mixer).forEach((name, parameter) -> {
                if (parameter.dim() > 1 && name.endsWith("weight") && !name.startsWith("short")) {
                    parameter.mul_(new Scalar(8));
                }
            });
        }
        return mixer;
    }
}
