package io.heed.sequence.titans;

import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;

import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.RecallTrial;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;

class NeedleTaskTest {
    @Test
    void attentionFindsNeedlesThatWereWrittenOnce() {
        NeedleTask task = new NeedleTask(3, 4, 3, 2, 32, 64);
        assertThat(task.length()).isEqualTo(11);
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(0, "weights", 0);
            LanguageModel model = new LanguageModel(new LanguageModelConfig(task.vocabulary(), true,
                    BackboneConfig.of("softmax", 32, 2, task.length()).withHidden(0)
                            .withMixers(RecallTrial.stack("softmax:positions=none", 2))));
            RecallTrial.widen(model);
            assertThat(StudyTraining.evaluate(model, task).value()).isLessThan(0.6);
            StudyTraining.train(model, task, StudyTraining.config(200, 1e-2, 0));
            assertThat(StudyTraining.evaluate(model, task).value()).isGreaterThan(0.9);
            assertThat(StudyTraining.evaluate(model, task.withGap(4)).value()).as("with more distractors")
                    .isGreaterThan(0.7);
        }
    }
}
