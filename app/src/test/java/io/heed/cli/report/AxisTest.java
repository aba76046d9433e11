package io.heed.cli.report;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;

import static org.assertj.core.api.Assertions.assertThat;

class AxisTest {
    @Property(tries = 300)
    void ticksLieWithinTheAxisAndTheirLabelsDiffer(@ForAll @DoubleRange(min = -1e5, max = 1e5) double low,
                                                   @ForAll @DoubleRange(min = 0.01, max = 1e5) double span) {
        Axis axis = new Axis(low, low + span, 6);
        assertThat(axis.ticks()).hasSizeBetween(1, 8).allSatisfy(tick -> assertThat(axis.share(tick))
                .isBetween(-1e-6, 1 + 1e-6));
        assertThat(axis.ticks().stream().map(axis::label).distinct()).hasSameSizeAs(axis.ticks());
    }
}
