package io.heed.sequence.zoology;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerContract;
import io.heed.sequence.MixerKind;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

class SparseLookupsTest extends MixerContract {
    @Override
    protected MixerKind kind() {
        return ZoologySystem.LOOKUPS;
    }

    @Override
    protected List<MixerConfig> configs() {
        MixerConfig plain = MixerConfig.of(24, 3).withLength(64);
        return List.of(plain, plain.withOptions(Map.of("lookups", "5")));
    }

    @Test
    void runningSelectionTakesScoresAmongTheHighestSoFar() {
        SplittableRandom random = new SplittableRandom(4);
        float[] scores = new float[60];
        for (int t = 0; t < scores.length; t++) {
            scores[t] = t % 11 == 3 ? Float.NEGATIVE_INFINITY : random.nextInt(20) / 20f;
        }
        for (int lookups : new int[] {0, 1, 6}) {
            List<Integer> expected = IntStream.range(0, scores.length).filter(t -> scores[t] > Float.NEGATIVE_INFINITY)
                    .filter(t -> {
                int seen = (int) IntStream.rangeClosed(0, t).filter(j -> scores[j] > Float.NEGATIVE_INFINITY).count();
                long higher = IntStream.range(0, t).filter(j -> scores[j] >= scores[t]).count();
                return higher < Selection.count(lookups, seen);
            }).boxed().toList();
            assertThat(Arrays.stream(Selection.RUNNING.positions(scores, lookups)).boxed().toList())
                    .isEqualTo(expected);
        }
    }

    @Test
    void sequenceSelectionTakesTheHighestOfAll() {
        assertThat(Selection.SEQUENCE.positions(new float[] {0.1f, 0.9f, Float.NEGATIVE_INFINITY, 0.5f, 0.7f}, 2))
                .containsExactly(1, 4);
        assertThat(Selection.SEQUENCE.positions(new float[] {0.1f, 0.9f, 0.3f, 0.5f, 0.7f}, 0))
                .containsExactly(1, 3, 4);
    }

    @Test
    void trainingPaysForGatesAboveTheirShareOnly() {
        try (PointerScope _ = new PointerScope()) {
            MixerConfig config = MixerConfig.of(24, 3);
            SequenceMixer few = kind().build(config.withOptions(Map.of("lookups", "4", "penalty", "2")));
            SequenceMixer many = kind().build(config.withOptions(Map.of("lookups", "16", "penalty", "2")));
            Tensor x = torch.zeros(2, 16, 24); // gates of 1/2
            MixerContext context = MixerContext.plain();
            few.forward(x, context);
            assertThat(Ops.item(context.loss().orElseThrow())).isCloseTo(2 * (0.5 - 0.25), offset(1e-6));
            MixerContext free = MixerContext.plain();
            many.forward(x, free);
            assertThat(Ops.item(free.loss().orElseThrow())).isZero();
        }
    }

    @Test
    void selectionOfTheWholeSequenceCannotDecode() {
        SequenceMixer mixer = kind().build(MixerConfig.of(24, 3).withOptions(Map.of("selection", "sequence")));
        assertThatThrownBy(() -> mixer.state(1)).isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("leave out selection=sequence");
    }
}
