package io.heed.sequence;

import java.util.List;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

import io.heed.data.Mqar;

import static org.assertj.core.api.Assertions.assertThat;

class RecallTrialTest {
    @Test
    void attentionRecallsAndTrainingStopsWhenItDoes() {
        Mqar easy = new Mqar(32, 16, 2, 0.01, false, 0, 300, 1);
        RecallTrial.Outcome outcome = new RecallTrial(easy, 32, 1, 32, 400, List.of(1e-2), 0)
                .run("softmax:positions=none");
        assertThat(outcome.accuracy()).isGreaterThanOrEqualTo(0.99);
        assertThat(outcome.steps()).isLessThan(400);
        assertThat(outcome.rate()).isEqualTo(1e-2);
    }

    @Test
    void everyLayerAfterTheConvolutionIsTheMixers() {
        assertThat(RecallTrial.stack("h3:states=8", 3).stream().map(MixerSpec::toString)
                .collect(Collectors.joining(" ")))
                .isEqualTo("base-conv:kernel=3 h3:states=8 h3:states=8");
        assertThat(MixerSpec.parseStack("base-conv:kernel=3+softmax"))
                .containsExactly(MixerSpec.parse("base-conv:kernel=3"),
                MixerSpec.parse("softmax"));
    }
}
