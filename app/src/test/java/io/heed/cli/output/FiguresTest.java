package io.heed.cli.output;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class FiguresTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"0|0 B", "1023|1023 B", "1536|1.5 KB", "1048576|1.0 MB", "157286400|150 MB"})
    void bytes(double value, String text) {
        assertThat(Figures.bytes(value)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"2.46149|2.461", "0.0123|0.0123", "0.00000123|1.2e-06", "1234.4|1,234",
            "0|0.000"})
    void quality(double value, String text) {
        assertThat(Figures.quality(value)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"8.4|8 s", "59.7|1 min 00 s", "125|2 min 05 s", "3780|1 h 03 min"})
    void duration(double value, String text) {
        assertThat(Figures.duration(value)).isEqualTo(text);
    }
}
