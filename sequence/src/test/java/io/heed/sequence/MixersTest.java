package io.heed.sequence;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class MixersTest {
    @Test
    void baselineComesFirstAndNamesAreUnique() {
        assertThat(Mixers.all().getFirst().id()).isEqualTo("softmax");
        Set<String> names = new HashSet<>();
        for (MixerKind kind : Mixers.all()) {
            assertThat(names.add(kind.id())).as(kind.id()).isTrue();
            assertThat(kind.line()).isNotBlank();
            assertThat(kind.patterns()).isNotEmpty();
            kind.aliases().forEach(alias -> {
                assertThat(Mixers.named(alias)).isSameAs(kind);
                assertThat(names.add(alias)).as(alias).isTrue();
            });
        }
    }

    @Test
    void unknownMixerNamesTheNearest() {
        assertThatThrownBy(() -> Mixers.named("sofmax")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("unknown mixer 'sofmax': did you mean 'softmax'? known: softmax");
    }

    @Test
    void unknownOptionOrValueIsRefused() {
        MixerConfig config = MixerConfig.of(32, 2);
        assertThatThrownBy(() -> Mixers.build(MixerSpec.parse("softmax:position=none"), config))
                .hasMessageContaining("unknown option 'position' of mixer softmax: did you mean 'positions'?");
        assertThatThrownBy(() -> Mixers.build(MixerSpec.parse("softmax:positions=learned"), config))
                .hasMessageContaining("option positions=learned: must be one of rotary, none");
        assertThatThrownBy(() -> Mixers.build(MixerSpec.parse("softmax:base=big"), config))
                .hasMessageContaining("option base=big: must be a number");
    }

    @Test
    void specIsReadAndWrittenAlike() {
        MixerSpec spec = MixerSpec.parse("softmax: positions = none , base=500");
        assertThat(spec).isEqualTo(new MixerSpec("softmax", Map.of("positions", "none", "base", "500")));
        assertThat(spec).hasToString("softmax:base=500,positions=none");
        assertThat(MixerSpec.parse(spec.toString())).isEqualTo(spec);
        assertThatThrownBy(() -> MixerSpec.parse("softmax:positions"))
                .hasMessageContaining("'positions' is not an option");
    }

    @Test
    void configChecksItsSizes() {
        assertThatThrownBy(() -> MixerConfig.of(30, 4)).hasMessageContaining("width 30 is not a multiple of 4 heads");
        assertThatThrownBy(() -> MixerConfig.of(32, 4).withKeyValueHeads(3)).hasMessageContaining("4 heads");
        assertThatThrownBy(() -> MixerConfig.of(32, 4).atLayer(2, 2)).hasMessageContaining("layer 2");
        assertThatThrownBy(() -> BackboneConfig.of("softmax", 32, 2, 8).withMixers(List.of()))
                .hasMessageContaining("at least one mixer");
    }
}
