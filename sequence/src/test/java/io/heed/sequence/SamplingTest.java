package io.heed.sequence;

import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class SamplingTest {
    /** ln of probabilities 0.1, 0.5, 0.25, 0.15, unnormalised. */
    private static final float[] LOGITS = {(float) Math.log(2), (float) Math.log(10), (float) Math.log(5),
        (float) Math.log(3)};

    @Test
    void drawsInProportionToTheProbabilities() {
        int[] counts = counts(new Sampling(1, 0, 1, 0));
        assertThat(counts[1] / 20_000.0).isCloseTo(0.5, within(0.015));
        assertThat(counts[0] / 20_000.0).isCloseTo(0.1, within(0.01));
    }

    @Test
    void temperatureSharpens() {
        // at temperature 1/2 probabilities are squared: 100 / (4 + 100 + 25 + 9)
        assertThat(counts(new Sampling(0.5, 0, 1, 0))[1] / 20_000.0).isCloseTo(100 / 138.0, within(0.015));
    }

    @Test
    void topKAndTopPKeepTheMostLikely() {
        assertThat(drawn(new Sampling(1, 2, 1, 0))).containsExactly(1, 2);
        assertThat(drawn(new Sampling(1, 0, 0.75, 0))).containsExactly(1, 2);
        assertThat(drawn(new Sampling(1, 0, 0.76, 0))).containsExactly(1, 2, 3);
        assertThat(drawn(new Sampling(1, 3, 0.5, 0))).containsExactly(1);
        assertThat(drawn(Sampling.greedy())).containsExactly(1);
    }

    @Test
    void badSettingsAreRefused() {
        assertThatThrownBy(() -> new Sampling(-1, 0, 1, 0)).hasMessageContaining("temperature is -1.0");
        assertThatThrownBy(() -> new Sampling(1, -1, 1, 0)).hasMessageContaining("top-k is -1");
        assertThatThrownBy(() -> new Sampling(1, 0, 0, 0)).hasMessageContaining("top-p is 0.0");
    }

    private static int[] counts(Sampling sampling) {
        SplittableRandom random = new SplittableRandom(3);
        int[] counts = new int[LOGITS.length];
        for (int i = 0; i < 20_000; i++) {
            counts[sampling.choose(LOGITS, random)]++;
        }
        return counts;
    }

    private static Set<Integer> drawn(Sampling sampling) {
        int[] counts = counts(sampling);
        Set<Integer> tokens = new TreeSet<>();
        for (int token = 0; token < counts.length; token++) {
            if (counts[token] > 0) {
                tokens.add(token);
            }
        }
        return tokens;
    }
}
