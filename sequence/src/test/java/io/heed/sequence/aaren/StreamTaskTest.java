package io.heed.sequence.aaren;

import java.util.Arrays;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.heed.data.CounterRandom;
import io.heed.data.Split;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.train.Evaluation;

import static org.assertj.core.api.Assertions.assertThat;

class StreamTaskTest {
    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        Seeds.seedTorch(1, "weights", 0);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void everyEventHasOneMarkAndExcitementMakesTheNextKindLikelier() {
        HawkesTask task = new HawkesTask();
        int marks = task.features() - 1;
        int follows = 0;
        int events = 0;
        for (int stream = 0; stream < 50; stream++) {
            float[] rows = task.stream(new CounterRandom(stream), Split.TRAIN);
            int before = -1;
            for (int n = 0; n <= StreamTask.LENGTH; n++) {
                float[] row = Arrays.copyOfRange(rows, n * (marks + 1), (n + 1) * (marks + 1));
                int mark = 0;
                float sum = 0;
                for (int k = 0; k < marks; k++) {
                    sum += row[k];
                    mark = row[k] == 1 ? k : mark;
                }
                assertThat(sum).as("marks of one event").isEqualTo(1);
                assertThat(Float.isFinite(row[marks])).isTrue();
                if (before >= 0) {
                    events++;
                    follows += mark == (before + 1) % marks ? 1 : 0;
                }
                before = mark;
            }
        }
        assertThat(follows / (double) events).as("share of the next kind, a fifth without excitement")
                .isGreaterThan(0.25);
    }

    @Test
    void streamsAreTheirKeysAlone() {
        SeasonalTask task = new SeasonalTask();
        float[] stream = task.stream(new CounterRandom(5), Split.TRAIN);
        assertThat(task.stream(new CounterRandom(5), Split.TRAIN)).isEqualTo(stream);
        assertThat(task.stream(new CounterRandom(6), Split.TRAIN)).isNotEqualTo(stream);
        for (float value : stream) {
            assertThat(Math.abs(value)).isLessThan(3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"softmax", "aaren", "gru"})
    void modelsAreCausalAndLearn(String body) {
        SeasonalTask task = new SeasonalTask();
        StreamModel model = StreamModel.of(body, task.features(), 16, task.outputs());
        Tensor x = torch.randn(1, 20, task.features());
        Tensor y = model.forward(x);
        Tensor changed = Ops.cat(1, Ops.slice(x, 1, 0, 12), torch.randn(1, 8, task.features()));
        assertThat(Ops.largestDifference(Ops.slice(model.forward(changed), 1, 0, 12), Ops.slice(y, 1, 0, 12)))
                .isLessThan(1e-6);
        double before = StudyTraining.evaluate(model, task).loss();
        Evaluation after = StudyTraining.train(model, task, StudyTraining.config(25, 1e-2, 0));
        assertThat(after.loss()).isLessThan(0.98 * before);
    }

    @Test
    void divergenceIsAResult() {
        SeasonalTask task = new SeasonalTask();
        StreamModel model = StreamModel.of("gru", task.features(), 8, task.outputs());
        model.parameters().get(0).detach().fill_(new Scalar(Double.NaN));
        assertThat(StudyTraining.train(model, task, StudyTraining.config(3, 1e-3, 0)).loss()).isInfinite();
    }
}
