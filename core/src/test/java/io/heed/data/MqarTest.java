package io.heed.data;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class MqarTest {
    @Test
    void placesThePapersExample() {
        Mqar.Example example = Mqar.place(new long[] {3, 19, 2, 10}, new long[] {56, 36, 54, 58},
                new long[] {0, 10, 8, 1}, 32);
        long[] inputs = new long[32];
        long[] labels = new long[32];
        Arrays.fill(labels, -100);
        System.arraycopy(new long[] {3, 56, 19, 36, 2, 54, 10, 58, 3, 0, 10}, 0, inputs, 0, 11);
        inputs[24] = 2;
        inputs[28] = 19;
        labels[8] = 56;
        labels[10] = 58;
        labels[24] = 54;
        labels[28] = 36;
        assertThat(example.inputs()).isEqualTo(inputs);
        assertThat(example.labels()).isEqualTo(labels);
    }

    @Test
    void gapsFollowThePowerLaw() {
        assertThat(Arrays.copyOf(Mqar.gapProbabilities(32, 4, 0.01), 4))
                .containsExactly(new double[] {0.319, 0.161, 0.108, 0.081}, within(0.0006));
    }

    @Property(tries = 300)
    void everyExampleIsWellFormed(@ForAll @IntRange(min = 2, max = 60) int half,
            @ForAll @IntRange(min = 1, max = 30) int k,
                                  @ForAll @IntRange(min = 1, max = 100) int extra, @ForAll boolean random,
                                  @ForAll long number) {
        int length = 2 * half;
        Assume.that(4 * k <= length);
        int symbols = length + extra;
        Mqar mqar = new Mqar(symbols, length, k, 0.01, random, 0, 10, 5);
        Mqar.Example example = mqar.example(Split.TRAIN, number);

        Set<Long> keys = new HashSet<>();
        Set<Long> values = new HashSet<>();
        for (int j = 0; j < k; j++) {
            long key = example.inputs()[2 * j];
            long value = example.inputs()[2 * j + 1];
            assertThat(key).isBetween(1L, symbols / 2 - 1L);
            assertThat(value).isBetween((long) symbols / 2, symbols - 1L);
            keys.add(key);
            values.add(value);
        }
        assertThat(keys).hasSize(k);
        assertThat(values).hasSize(k);
        Set<Long> asked = new HashSet<>();
        for (int i = 0; i < length; i++) {
            assertThat(example.inputs()[i]).isBetween(0L, symbols - 1L);
            if (example.labels()[i] == SequenceBatch.IGNORED) {
                assertThat(!random && i >= 2 * k && example.inputs()[i] != 0).isFalse();
                continue;
            }
            assertThat(i).isGreaterThanOrEqualTo(2 * k);
            assertThat(i % 2).isZero();
            asked.add(example.inputs()[i]);
            int pair = 0;
            while (example.inputs()[2 * pair] != example.inputs()[i]) {
                pair++;
            }
            assertThat(example.labels()[i]).isEqualTo(example.inputs()[2 * pair + 1]);
        }
        assertThat(asked).isEqualTo(keys);
    }

    /**
     * The race of exponentials must draw like sequential draws with renormalisation; compared with exact enumeration.
     */
    @Test
    void gapsAreDrawnWithoutReplacementInProportion() {
        Mqar mqar = new Mqar(64, 20, 3, 0.01, false, 0, 10, 1);    // 7 slots, 3 gaps
        double[] p = Mqar.gapProbabilities(20, 3, 0.01);
        double[][] expected = new double[3][7];                    // [draw][slot]
        for (int a = 0; a < 7; a++) {
            expected[0][a] += p[a];
            for (int b = 0; b < 7; b++) {
                if (b == a) {
                    continue;
                }
                double two = p[a] * p[b] / (1 - p[a]);
                expected[1][b] += two;
                for (int c = 0; c < 7; c++) {
                    if (c != a && c != b) {
                        expected[2][c] += two * p[c] / (1 - p[a] - p[b]);
                    }
                }
            }
        }
        int draws = 40_000;
        double[][] counted = new double[3][7];
        for (int n = 0; n < draws; n++) {
            Mqar.Example example = mqar.example(Split.TRAIN, n);
            for (int slot = 0; slot < 7; slot++) {
                long query = example.inputs()[6 + 2 * slot];
                for (int j = 0; j < 3 && query != 0; j++) {
                    counted[j][slot] += example.inputs()[2 * j] == query ? 1.0 / draws : 0;
                }
            }
        }
        for (int j = 0; j < 3; j++) {
            assertThat(counted[j]).containsExactly(expected[j], within(5 * Math.sqrt(0.25 / draws)));
        }
    }

    @Test
    void meanQueryPositionIsThePapers() {
        Mqar mqar = Mqar.of(8192, 64, 4);
        double sum = 0;
        int examples = 4000;
        for (int n = 0; n < examples; n++) {
            long[] labels = mqar.example(Split.TRAIN, n).labels();
            for (int i = 0; i < 64; i++) {
                sum += labels[i] == SequenceBatch.IGNORED ? 0 : i;
            }
        }
        assertThat(sum / examples / 4).isCloseTo(22.3, within(0.4));
    }

    @Test
    void splitsHoldDifferentExamplesAndHeldOutOnesAreFixed() {
        Mqar mqar = Mqar.of(256, 64, 8);
        assertThat(mqar.example(Split.TRAIN, 3).inputs()).isNotEqualTo(mqar.example(Split.VALIDATION, 3).inputs());
        try (PointerScope scope = new PointerScope()) {
            SequenceBatch window = mqar.window(Split.VALIDATION, 10, 2);
            assertThat(Arrays.copyOf(TextDataTest.longs(window.tokens()), 64))
                    .isEqualTo(mqar.example(Split.VALIDATION, 10).inputs());
            assertThat(Arrays.copyOf(TextDataTest.longs(window.targets()), 64))
                    .isEqualTo(mqar.example(Split.VALIDATION, 10).labels());
            assertThat(TextDataTest.longs(mqar.sample(Split.TRAIN, 3, 1).tokens()))
                    .isEqualTo(TextDataTest.longs(mqar.sample(Split.TRAIN, 3, 1).tokens()))
                    .isNotEqualTo(TextDataTest.longs(mqar.sample(Split.TRAIN, 3, 2).tokens()));
        }
    }

    @Test
    void reusedTrainingExamplesComeFromTheirSet() {
        Mqar mqar = Mqar.of(64, 16, 2).withTrainExamples(3);
        Set<String> known = new HashSet<>();
        for (int n = 0; n < 3; n++) {
            known.add(Arrays.toString(mqar.example(Split.TRAIN, n).inputs()));
        }
        try (PointerScope scope = new PointerScope()) {
            long[] tokens = TextDataTest.longs(mqar.sample(Split.TRAIN, 50, 4).tokens());
            Set<String> seen = new HashSet<>();
            for (int row = 0; row < 50; row++) {
                seen.add(Arrays.toString(Arrays.copyOfRange(tokens, row * 16, row * 16 + 16)));
            }
            assertThat(seen).isEqualTo(known);
        }
    }

    @Test
    void argumentsOutOfRangeAreNamed() {
        assertThatThrownBy(() -> Mqar.of(64, 64, 4))
                .hasMessage("vocabularySize is 64, must be more than the length (64)");
        assertThatThrownBy(() -> Mqar.of(128, 64, 17))
                .hasMessage("pairs is 17, must be from 1 to a quarter of the length (16)");
        assertThatThrownBy(() -> Mqar.of(128, 63, 4)).hasMessage("length is 63, must be even and at least 4");
    }
}
