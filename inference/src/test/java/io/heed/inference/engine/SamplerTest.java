package io.heed.inference.engine;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class SamplerTest {
    /** Probabilities 0.5, 0.25, 0.15, 0.1 at temperature 1. */
    private static float[] logits() {
        return new float[] {(float) Math.log(0.15), (float) Math.log(0.5), (float) Math.log(0.1),
                (float) Math.log(0.25)};
    }

    private static Map<Integer, Double> shares(Sampling sampling) {
        Map<Integer, Double> shares = new TreeMap<>();
        for (int i = 0; i < 4000; i++) {
            shares.merge(new Sampler(sampling.withSeed(i), new int[] {0}).choose(logits(), 0, 4), 1 / 4000.0,
                    Double::sum);
        }
        return shares;
    }

    private static Set<Integer> kept(double temperature, int topK, double topP, double minP) {
        return new TreeSet<>(shares(new Sampling(temperature, topK, topP, minP, 1, 0, 0, 0)).keySet());
    }

    @Test
    void drawsFollowTheProbabilities() {
        assertThat(shares(Sampling.of(1, 0)).get(1)).isCloseTo(0.5, within(0.03));
        assertThat(shares(Sampling.of(1, 0)).get(2)).isCloseTo(0.1, within(0.02));
        assertThat(shares(Sampling.of(0.5, 0)).get(1)).isCloseTo(0.25 / (0.25 + 0.0625 + 0.0225 + 0.01), within(0.03));
        assertThat(shares(new Sampling(1, 2, 1, 0, 1, 0, 0, 0)).get(1)).isCloseTo(2 / 3.0, within(0.03));
    }

    @Test
    void filtersKeepWhatTheirDefinitionsSay() {
        assertThat(kept(1, 0, 1, 0)).containsExactly(0, 1, 2, 3);
        assertThat(kept(1, 2, 1, 0)).containsExactly(1, 3);
        assertThat(kept(1, 0, 0.7, 0)).containsExactly(1, 3);
        assertThat(kept(1, 0, 0.76, 0)).containsExactly(0, 1, 3);
        assertThat(kept(1, 3, 0.8, 0)).as("top-p counts among what top-k left").containsExactly(1, 3);
        assertThat(kept(1, 0, 1, 0.4)).containsExactly(1, 3);
        assertThat(kept(1, 0, 1e-9, 0)).containsExactly(1);
        assertThat(kept(0, 0, 1, 0)).containsExactly(1);
    }

    @Test
    void penaltiesMakeOccurredTokensLessLikely() {
        float[] logits = {2, 1.9f, -1, -1.05f};
        assertThat(new Sampler(new Sampling(0, 0, 1, 0, 1.2, 0, 0, 0), new int[] {0}).choose(logits, 0, 4))
                .isEqualTo(1);
        assertThat(logits[0]).isCloseTo(2 / 1.2f, within(1e-6f));
        Sampler frequent = new Sampler(new Sampling(0, 0, 1, 0, 1, 0, 0.08, 0), new int[] {0});
        assertThat(frequent.choose(new float[] {2, 1.9f}, 0, 2)).as("the prompt does not count").isZero();
        assertThat(frequent.choose(new float[] {2, 1.9f}, 0, 2)).isZero();
        assertThat(frequent.choose(new float[] {2, 1.9f}, 0, 2)).as("two times 0.08").isEqualTo(1);
    }

    @Test
    void valuesOutOfRangeAreNamed() {
        assertThatThrownBy(() -> Sampling.of(-1, 0)).hasMessageContaining("temperature is -1.0");
        assertThatThrownBy(() -> Sampling.of(Double.NaN, 0)).hasMessageContaining("temperature");
        assertThatThrownBy(() -> new Sampling(1, 0, 0, 0, 1, 0, 0, 0))
                .hasMessageContaining("top-p is 0.0, must be more than 0");
        assertThatThrownBy(() -> new Sampling(1, -1, 1, 0, 1, 0, 0, 0)).hasMessageContaining("top-k");
    }
}
