package io.heed.cli.compare;

import java.util.List;
import java.util.stream.LongStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class LossCurvesTest {
    @Test
    void smoothingKeepsAStraightLineAndItsEnds() {
        History history = new History(LongStream.rangeClosed(1, 1000)
                .mapToObj(step -> new History.StepPoint(step, step * 0.5, 10 - step * 0.001)).toList(), List.of());
        LossCurves.Points points = LossCurves.smoothed(history);
        assertThat(points.steps()).hasSize(240);
        assertThat(points.steps()[0]).isEqualTo(1);
        assertThat(points.steps()[239]).isEqualTo(1000);
        for (int i = 0; i < 240; i++) {
            assertThat(points.values()[i]).isEqualTo(10 - points.steps()[i] * 0.001, within(1e-9));
        }
    }

    @Test
    void finalTrainLossIsTheMeanOfTheLastTwentieth() {
        History history = new History(LongStream.rangeClosed(1, 400)
                .mapToObj(step -> new History.StepPoint(step, step, step > 380 ? 2 : 7)).toList(), List.of());
        assertThat(history.finalTrainLoss()).isEqualTo(2);
    }
}
