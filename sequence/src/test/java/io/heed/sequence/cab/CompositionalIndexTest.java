package io.heed.sequence.cab;

import java.util.List;

import org.junit.jupiter.api.Test;

import io.heed.sequence.Pattern;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class CompositionalIndexTest {
    @Test
    void anIndexOverItsOwnAttentionsHasMeanZeroAndSignsCount() {
        List<double[]> values = List.of(new double[] {1, 10, 5}, new double[] {2, 20, 5}, new double[] {3, 60, 5});
        CompositionalIndex index = CompositionalIndex.over(values, new double[] {1, -1, 1}, new int[] {1, 2});
        assertThat(values.stream().mapToDouble(index::index).sum()).isCloseTo(0, within(1e-12));
        double best = Math.sqrt(1.5); // (3 - 2) / sqrt(2 / 3)
        assertThat(index.taskScores(values.get(2))[0]).isCloseTo(best, within(1e-12));
        assertThat(index.taskScores(values.get(2))[1]).as("lower is better, and what all agree on scores 0")
                .isCloseTo(-30 / Math.sqrt(466.66666666666) / 2, within(1e-9));
    }

    @Test
    void publishedConstantsFitTheirTasks() {
        for (Pattern pattern : Pattern.values()) {
            PublishedIndex published = PublishedIndex.of(pattern);
            CompositionalIndex index = new CompositionalIndex(published.mu(), published.sigma(), published.sign(),
                    published.tasks());
            assertThat(index.index(published.mu())).as("the mean attention, %s", pattern).isZero();
        }
        assertThatThrownBy(() -> new CompositionalIndex(new double[1], new double[2], new double[2], new int[] {2}))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("2 metrics");
    }

    @Test
    void correlationIsOverAttentionsThatBothHave() {
        assertThat(CompositionalIndex.correlation(List.of(1.0, 2.0, Double.NaN, 3.0), List.of(2.0, 4.0, 100.0, 6.0)))
                .isCloseTo(1, within(1e-12));
        assertThat(CompositionalIndex.correlation(List.of(1.0, 2.0, 3.0), List.of(1.0, 0.0, -1.0)))
                .isCloseTo(-1, within(1e-12));
        assertThat(CompositionalIndex.correlation(List.of(1.0, 2.0), List.of(1.0, 2.0))).isNaN();
    }
}
