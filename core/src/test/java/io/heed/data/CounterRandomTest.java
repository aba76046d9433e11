package io.heed.data;

import java.util.HashSet;
import java.util.Set;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class CounterRandomTest {
    @Test
    void aKeyGivesTheSameNumbersOnEveryMachine() {
        CounterRandom random = new CounterRandom(CounterRandom.key(7, 1, 2));
        assertThat(new long[] {random.nextLong(), random.nextLong(), random.nextInt(1000)})
                .containsExactly(4634433299339631569L, 5443570027795949709L, 196L);
    }

    @Test
    void keysOfNeighbouringCountersDiffer() {
        Set<Long> keys = new HashSet<>();
        for (long seed = 0; seed < 20; seed++) {
            for (long step = 0; step < 100; step++) {
                for (long rank = 0; rank < 5; rank++) {
                    keys.add(CounterRandom.key(seed, step, rank));
                }
            }
        }
        assertThat(keys).hasSize(20 * 100 * 5);
        assertThat(CounterRandom.key(1, 2)).isNotEqualTo(CounterRandom.key(2, 1));
    }

    @Test
    void firstNumbersOfNeighbouringKeysAreUniformAndUncorrelated() {
        int bins = 16;
        int draws = 64_000;
        int[] pairs = new int[bins * bins];
        double before = 0.5;
        for (int step = 0; step < draws; step++) {
            double now = new CounterRandom(CounterRandom.key(3, step)).nextDouble();
            pairs[(int) (before * bins) * bins + (int) (now * bins)]++;
            before = now;
        }
        double expected = (double) draws / pairs.length;
        double chiSquare = 0;
        for (int count : pairs) {
            chiSquare += (count - expected) * (count - expected) / expected;
        }
        // 255 degrees of freedom: mean 255, standard deviation 22.6
        assertThat(chiSquare).isBetween(255 - 5 * 22.6, 255 + 5 * 22.6);
    }

    @Test
    void boundsAreKeptAndReached() {
        CounterRandom random = new CounterRandom(1);
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            seen.add(random.nextInt(7));
            assertThat(random.nextDouble()).isBetween(0.0, Math.nextDown(1.0));
        }
        assertThat(seen).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6);
        assertThatThrownBy(() -> random.nextInt(0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0");
    }
}
