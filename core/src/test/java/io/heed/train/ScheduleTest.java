package io.heed.train;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class ScheduleTest {
    @Test
    void warmsUpInALineAndComesDownHalfACosine() {
        Schedule schedule = new Schedule(2, 10, 110, 0.25);
        assertThat(schedule.rate(0)).isEqualTo(0.2);
        assertThat(schedule.rate(4)).isEqualTo(1);
        assertThat(schedule.rate(9)).isEqualTo(2);
        assertThat(schedule.rate(10)).isEqualTo(2);
        assertThat(schedule.rate(60)).isCloseTo((2 + 0.5) / 2, within(1e-12));
        assertThat(schedule.rate(110)).isCloseTo(0.5, within(1e-12));
        for (long i = 10; i < 110; i++) {
            assertThat(schedule.rate(i + 1)).isLessThan(schedule.rate(i));
        }
    }

    @Test
    void edgesAreFinite() {
        assertThat(new Schedule(1, 0, 1, 0).rate(0)).isEqualTo(1);
        assertThat(new Schedule(1, 5, 5, 0).rate(4)).isEqualTo(1);
        assertThat(new Schedule(1, 0, 100, 1).rate(77)).isEqualTo(1);
    }
}
