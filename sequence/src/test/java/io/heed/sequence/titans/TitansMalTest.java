package io.heed.sequence.titans;

import java.util.List;
import java.util.Map;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;

class TitansMalTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return TitansSystem.LAYER;
    }

    @Override
    protected List<MixerConfig> configs() {
        return List.of(MixerConfig.of(16, 2).withLength(64)
                .withOptions(Map.of("window", "5", "chunk", "3", "depth", "1", "persistent",
                "3", "step", "0.5")));
    }

    @Override
    protected int[] lengths() {
        return new int[] {2, 7, 34};
    }
}
