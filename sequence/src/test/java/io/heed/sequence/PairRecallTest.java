package io.heed.sequence;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;

import io.heed.data.SequenceBatch;
import io.heed.data.Split;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class PairRecallTest {
    private static final PairRecall DATA = new PairRecall(6, 5, 32, 4, 50, 7);

    @Test
    void everyQuestionIsAnsweredByAPairOfTheFirstHalf() {
        try (PointerScope _ = new PointerScope()) {
            SequenceBatch batch = DATA.window(Split.VALIDATION, 3, 20);
            long[] tokens = Ops.longs(batch.tokens());
            long[] targets = Ops.longs(batch.targets());
            for (int row = 0; row < 20; row++) {
                Map<Long, Long> told = new HashMap<>();
                int asked = 0;
                for (int t = row * 32; t < row * 32 + 32; t++) {
                    if (tokens[t] > 6 + 5) {
                        assertThat(t % 32).isLessThan(16);
                        told.put((tokens[t] - 12) / 5, (tokens[t] - 12) % 5);
                    }
                    assertThat(targets[t] != SequenceBatch.IGNORED).as("questions are labelled")
                            .isEqualTo(tokens[t] >= 1 && tokens[t] <= 6);
                    if (targets[t] != SequenceBatch.IGNORED) {
                        assertThat(t % 32).isGreaterThanOrEqualTo(16);
                        assertThat(targets[t] - 7).isEqualTo(told.get(tokens[t] - 1));
                        asked++;
                    }
                }
                assertThat(told).hasSize(4);
                assertThat(asked).isEqualTo(4);
            }
        }
    }

    @Test
    void examplesAreFixedByTheirNumbers() {
        try (PointerScope _ = new PointerScope()) {
            long[] one = Ops.longs(DATA.window(Split.VALIDATION, 5, 1).tokens());
            long[] among = Ops.longs(DATA.window(Split.VALIDATION, 4, 3).tokens());
            assertThat(Arrays.copyOfRange(among, 32, 64)).isEqualTo(one);
            assertThat(Ops.longs(DATA.window(Split.TEST, 5, 1).tokens())).isNotEqualTo(one);
            assertThat(Ops.longs(DATA.sample(Split.TRAIN, 2, 9).tokens()))
                    .isEqualTo(Ops.longs(DATA.sample(Split.TRAIN, 2, 9).tokens()));
        }
        assertThatThrownBy(() -> DATA.window(Split.VALIDATION, 49, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> new PairRecall(3, 3, 32, 4, 10, 1)).hasMessageContaining("from 1 to the keys (3)");
    }
}
