package io.heed.sequence.landmark;

import java.util.Arrays;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;

import io.heed.data.Split;

import static org.assertj.core.api.Assertions.assertThat;

class PasskeyTaskTest {
    private static final int LENGTH = 240;

    /** The key symbols are the sixteen before the question, the mark and the landmark. */
    @Test
    void onlyTheSymbolAfterTheMarkIsTheKey() {
        PasskeyTask task = new PasskeyTask(LENGTH, 1, 15, true);
        long mark = task.landmark() - 1;
        long question = task.landmark() - 2;
        long first = question - PasskeyTask.KEYS;
        SplittableRandom random = new SplittableRandom(3);
        int others = 0;
        for (int i = 0; i < 50; i++) {
            PasskeyTask.Example example = task.example(Split.TRAIN, LENGTH, 0, 32, 1, random);
            long[] tokens = example.tokens();
            assertThat(Arrays.stream(tokens).filter(token -> token == mark)).hasSize(1);
            assertThat(tokens[example.place()]).isEqualTo(mark);
            assertThat(tokens[LENGTH - 1]).isEqualTo(question);
            long key = example.targets()[LENGTH - 1];
            assertThat(tokens[example.place() + 1]).isEqualTo(key).isBetween(first, question - 1);
            others += (int) Arrays.stream(tokens).filter(t -> t >= first && t < question && t != key).count();
        }
        assertThat(others).as("symbols that are not the key, in fifty texts").isGreaterThan(250);
    }
}
