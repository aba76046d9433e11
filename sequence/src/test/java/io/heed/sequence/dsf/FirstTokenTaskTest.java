package io.heed.sequence.dsf;

import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;

import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;

class FirstTokenTaskTest {
    @Test
    void aShortMemoryIsLearned() {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(0, "weights", 0);
            MemoryModel model = new MemoryModel(FirstTokenTask.VOCABULARY, 16, true);
            FirstTokenTask task = new FirstTokenTask(4);
            double before = StudyTraining.evaluate(model, task).loss();
            double after = StudyTraining.train(model, task, StudyTraining.config(150, 1e-2, 0)).loss();
            assertThat(before).isGreaterThan(2.5);
            assertThat(after).isLessThan(1);
            model.eval();
            assertThat(task.remembered(model, 0)).as("all factors are above 0").isEqualTo(1);
            assertThat(task.remembered(model, 1)).as("none is above 1").isZero();
        }
    }
}
