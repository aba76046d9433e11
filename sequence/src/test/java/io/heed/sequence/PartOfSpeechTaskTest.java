package io.heed.sequence;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

import io.heed.nn.Padding;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.train.Step;

import static org.assertj.core.api.Assertions.assertThat;

class PartOfSpeechTaskTest {
    @Test
    void learnsMoreThanChanceAndRepeatsItsMinibatches() {
        PartOfSpeechTask task = new PartOfSpeechTask(48, 16, 256);
        assertThat(task.classes()).isEqualTo(4);
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(1, "weights", 0);
            SequenceClassifier model = new SequenceClassifier(task.vocabularySize(), task.classes(),
                    new BackboneConfig(32, 1, 2, 2, 48, 64, BackboneConfig.NormKind.LAYER_NORM,
                            BackboneConfig.MlpKind.GELU, 0,
                            false, List.of(MixerSpec.parse("softmax"))));
            double first = task.loss(model, Step.of(3, 5)).item_double();
            assertThat(task.loss(model, Step.of(3, 5)).item_double()).isEqualTo(first);
            assertThat(task.loss(model, Step.of(4, 5)).item_double()).isNotEqualTo(first);
            assertThat(StudyTraining.train(model, task, StudyTraining.config(40, 5e-3, 0)).value()).isGreaterThan(0.35);
        }
    }

    @Test
    void paddedTokensDoNotCount() {
        try (PointerScope _ = new PointerScope()) {
            SequenceClassifier model = new SequenceClassifier(9, 3, BackboneConfig.of("softmax", 16, 1, 8));
            Tensor tokens = Ops.of(new long[] {1, 2, 3, 4, 5, 6, 7, 8}, 1, 8);
            Tensor alone = model.forward(tokens.narrow(1, 0, 5), null);
            assertThat(Ops.largestDifference(model.forward(tokens, Padding.ofLengths(8, 5)), alone)).isLessThan(1e-6);
        }
    }
}
