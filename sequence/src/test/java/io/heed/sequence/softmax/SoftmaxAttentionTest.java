package io.heed.sequence.softmax;

import java.util.List;
import java.util.Map;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;

class SoftmaxAttentionTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return SoftmaxSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        MixerConfig causal = MixerConfig.of(24, 3).withLength(64);
        return List.of(causal, causal.withCausal(false), MixerConfig.of(32, 4).withKeyValueHeads(2),
                causal.withOptions(Map.of("positions", "none")), MixerConfig.of(64, 1));
    }
}
