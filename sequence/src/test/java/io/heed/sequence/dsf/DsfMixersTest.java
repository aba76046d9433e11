package io.heed.sequence.dsf;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Nested;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;

/** Every mixer of the framework keeps the promises of a mixer. */
class DsfMixersTest {
    private static final MixerConfig CAUSAL = MixerConfig.of(24, 3).withLength(64);

    @Nested
    class Linear extends MixerContract {
        @Override
        protected MixerKind kind() {
            return DsfSystem.LINEAR;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL.withOptions(Map.of("qk-width", "12")), CAUSAL.withOptions(Map.of("feature", "exp")));
        }
    }

    @Nested
    class Normalised extends MixerContract {
        @Override
        protected MixerKind kind() {
            return DsfSystem.NORMALISED;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL.withOptions(Map.of("qk-width", "30")), CAUSAL.withOptions(Map.of("eta", "softplus")),
                    CAUSAL.withOptions(Map.of("eta", "sigmoid")));
        }
    }

    @Nested
    class SoftmaxOfItsOwnWidth extends MixerContract {
        @Override
        protected MixerKind kind() {
            return DsfSystem.SOFTMAX;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL.withOptions(Map.of("qk-width", "12")));
        }
    }

    @Nested
    class SelectiveStateSpace extends MixerContract {
        @Override
        protected MixerKind kind() {
            return DsfSystem.S6;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL.withOptions(Map.of("states", "5")),
                    MixerConfig.of(20, 1).withOptions(Map.of("dt-rank", "3")));
        }
    }

    @Nested
    class Ssd extends MixerContract {
        @Override
        protected MixerKind kind() {
            return DsfSystem.SSD;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL.withOptions(Map.of("states", "6")));
        }
    }

    @Nested
    class MambaMixer extends MixerContract {
        @Override
        protected MixerKind kind() {
            return DsfSystem.MAMBA;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL.withOptions(Map.of("states", "4")),
                    CAUSAL.withOptions(Map.of("expand", "1", "taps", "3")));
        }
    }

    @Nested
    class GatedAttentionMixer extends MixerContract {
        @Override
        protected MixerKind kind() {
            return DsfSystem.GATED;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL, CAUSAL.withOptions(Map.of("attention", "softmax", "qk-width", "12")));
        }
    }

    @Nested
    class QuasiLstmMixer extends MixerContract {
        @Override
        protected MixerKind kind() {
            return DsfSystem.QLSTM;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL, CAUSAL.withOptions(Map.of("reversed", "true", "expand", "1")));
        }
    }

    @Nested
    class RgLru extends MixerContract {
        @Override
        protected MixerKind kind() {
            return DsfSystem.RG_LRU;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL);
        }
    }
}
