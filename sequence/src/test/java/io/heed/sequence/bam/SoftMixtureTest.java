package io.heed.sequence.bam;

import java.util.List;
import java.util.Map;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;

class SoftMixtureTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return BamSystem.MIXER;
    }

    @Override
    protected List<MixerConfig> configs() {
        MixerConfig causal = MixerConfig.of(24, 3).withLength(64);
        return List.of(causal, causal.withCausal(false).withOptions(Map.of("experts", "3", "sharing", "false")),
                MixerConfig.of(32, 4).withKeyValueHeads(2).withOptions(Map.of("experts", "3")),
                causal.withOptions(Map.of("sharing", "false", "routed", "1", "positions", "none")));
    }
}
