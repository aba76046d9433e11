package io.heed.sequence.graphaware;

import java.util.List;
import java.util.Map;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;

class GinAttentionTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return GraphAwareSystem.GIN;
    }

    @Override
    protected List<MixerConfig> configs() {
        MixerConfig causal = MixerConfig.of(24, 3).withLength(64);
        return List.of(causal, causal.withCausal(false), causal.withOptions(Map.of("threshold", "sharp_softplus")),
                causal.withOptions(Map.of("threshold", "silu_below_binary_above", "tau", "0.3", "sharpening", "0")),
                causal.withOptions(Map.of("scoring", "10")),
                causal.withOptions(Map.of("differential", "true", "projected", "true", "temperature", "0.7")));
    }
}
