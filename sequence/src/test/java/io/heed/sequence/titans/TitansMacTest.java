package io.heed.sequence.titans;

import java.util.List;
import java.util.Map;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;

class TitansMacTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return TitansSystem.CONTEXT;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(MixerConfig.of(16, 2).withLength(64)
                .withOptions(Map.of("segment", "5", "depth", "2", "persistent",
                "3", "step", "0.1")));
    }

    @Override
    protected int[] lengths() {
        return new int[] {2, 7, 34};
    }
}
