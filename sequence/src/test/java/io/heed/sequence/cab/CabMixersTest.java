package io.heed.sequence.cab;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Nested;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;

/** The benchmark's attentions keep the promises of a mixer. */
class CabMixersTest {
    private static final MixerConfig CAUSAL = MixerConfig.of(24, 3).withLength(64);
    private static final MixerConfig FREE = CAUSAL.withCausal(false);

    @Nested
    class Local extends MixerContract {
        @Override
        protected MixerKind kind() {
            return CabSystem.LOCAL;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL.withOptions(Map.of("window", "6")), FREE.withOptions(Map.of("window", "9")));
        }
    }

    @Nested
    class Abc extends MixerContract {
        @Override
        protected MixerKind kind() {
            return CabSystem.ABC;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL.withOptions(Map.of("slots", "5")), FREE.withOptions(Map.of("slots", "7")));
        }
    }

    @Nested
    class RandomFeatures extends MixerContract {
        @Override
        protected MixerKind kind() {
            return CabSystem.PERFORMER;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(FREE.withOptions(Map.of("features", "20")));
        }

        @Override
        protected boolean hasFusedForm() {
            return false;
        }
    }

    @Nested
    class Cosines extends MixerContract {
        @Override
        protected MixerKind kind() {
            return CabSystem.COSFORMER;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(FREE);
        }

        @Override
        protected boolean hasFusedForm() {
            return false;
        }
    }

    @Nested
    class Landmarks extends MixerContract {
        @Override
        protected MixerKind kind() {
            return CabSystem.NYSTROM;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(FREE.withOptions(Map.of("landmarks", "4")), FREE);
        }

        @Override
        protected boolean hasFusedForm() {
            return false;
        }
    }

    @Nested
    class Proposals extends MixerContract {
        @Override
        protected MixerKind kind() {
            return CabSystem.LARA;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(FREE.withOptions(Map.of("landmarks", "4")), FREE);
        }

        @Override
        protected boolean hasFusedForm() {
            return false;
        }
    }

    @Nested
    class StandingOut extends MixerContract {
        @Override
        protected MixerKind kind() {
            return CabSystem.PROB_SPARSE;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(FREE, FREE.withOptions(Map.of("factor", "1")));
        }
    }

    @Nested
    class LongAndShort extends MixerContract {
        @Override
        protected MixerKind kind() {
            return CabSystem.LONG_SHORT;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL.withOptions(Map.of("window", "6", "chunk", "5", "rank", "2")),
                    FREE.withOptions(Map.of("window", "5", "landmarks", "3", "taps", "3")),
                    FREE.withOptions(Map.of("landmarks", "0")));
        }
    }

    @Nested
    class StateSpaces extends MixerContract {
        @Override
        protected MixerKind kind() {
            return CabSystem.S4D_KIND;
        }

        @Override
        protected List<MixerConfig> configs() {
            return List.of(CAUSAL, FREE.withOptions(Map.of("states", "6", "channels", "3")));
        }

        @Override
        protected boolean hasFusedForm() {
            return false;
        }
    }
}
