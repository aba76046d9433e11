package io.heed.sequence.graphaware;

import java.util.List;
import java.util.Map;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;

class PnaAttentionTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return GraphAwareSystem.PNA;
    }

    @Override
    protected List<MixerConfig> configs() {
        MixerConfig causal = MixerConfig.of(24, 3).withLength(64);
        return List.of(causal, causal.withCausal(false), causal.withOptions(Map.of("maximum", "own")),
                MixerConfig.of(32, 4).withKeyValueHeads(2).withOptions(Map.of("maximum", "row-by-norm", "tau", "0.02")),
                causal.withOptions(Map.of("threshold", "softplus", "temperature", "1.5")));
    }
}
