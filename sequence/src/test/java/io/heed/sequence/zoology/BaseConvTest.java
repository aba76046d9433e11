package io.heed.sequence.zoology;

import java.util.List;
import java.util.Map;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;

class BaseConvTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return ZoologySystem.BASE_CONV;
    }

    @Override
    protected List<MixerConfig> configs() {
        MixerConfig plain = MixerConfig.of(24, 3).withLength(64);
        return List.of(plain.withOptions(Map.of("kernel", "3")), plain.withOptions(Map.of("kernel", "long")),
                plain.withLength(150).atLayer(1, 2),
                plain.withOptions(Map.of("kernel", "5", "activation", "true")));
    }
}
