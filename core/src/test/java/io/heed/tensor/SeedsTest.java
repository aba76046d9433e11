package io.heed.tensor;

import java.util.HashSet;
import java.util.Set;

import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SeedsTest {
    @Test
    void streamsDifferInEveryPart() {
        Set<Long> seen = new HashSet<>();
        for (long seed = -3; seed < 30; seed++) {
            for (String purpose : new String[] {"", "a", "b", "aa", "ab", "ba", "weights", "data"}) {
                for (long index = -2; index < 40; index++) {
                    seen.add(Seeds.derive(seed, purpose, index));
                }
            }
        }
        assertThat(seen).hasSize(33 * 8 * 42);
    }

    @Test
    void neighbouringStreamsShareHalfTheirBits() {
        double flipped = 0;
        for (int i = 0; i < 1000; i++) {
            flipped += Long.bitCount(Seeds.derive(5, "data", i) ^ Seeds.derive(5, "data", i + 1));
        }
        assertThat(flipped / 1000).isBetween(31.0, 33.0);
    }

    @Test
    void aStreamNeverChanges() {
        assertThat(Seeds.derive(0, "weights", 0)).isEqualTo(-7017192730469132190L);
        assertThat(Seeds.derive(123, "data", 7)).isEqualTo(-4085338552593771973L);
    }

    @Test
    void torchIsSeeded() {
        Seeds.seedTorch(1, "weights", 0);
        float[] first = Ops.floats(torch.randn(4));
        Seeds.seedTorch(1, "weights", 0);
        assertThat(Ops.floats(torch.randn(4))).containsExactly(first);
        Seeds.seedTorch(1, "weights", 1);
        assertThat(Ops.floats(torch.randn(4))).isNotEqualTo(first);
    }
}
