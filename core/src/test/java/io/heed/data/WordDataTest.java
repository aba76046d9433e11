package io.heed.data;

import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;

import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;

class WordDataTest {
    private static final WordData WORDS =
            new WordData(new TextCorpus("tale", "The cat, the dog; the cat and a fox. ".repeat(3),
            "a cat and an owl the dog", "the dog the cat the fox"), 5, 3);

    @Test
    void frequentWordsGetNumbersInTheOrderOfTheirCountsAndOthersAreUnknown() {
        try (PointerScope _ = new PointerScope()) {
            // the: 9, cat: 6, then of those with 3 the first by spelling: comma and full stop
            SequenceBatch batch = WORDS.window(Split.TEST, 0, 1);
            assertThat(Ops.longs(batch.tokens())).containsExactly(1, 0, 1);
            assertThat(Ops.longs(batch.targets())).containsExactly(0, 1, 2);
        }
    }

    @Test
    void countsNeighbours() {
        assertThat(WORDS.bigrams(Split.TRAIN).get(1L * 5 + 2)).isEqualTo(6);
    }
}
