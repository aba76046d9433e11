package io.heed.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ReportTest {
    @TempDir
    Path folder;

    private static Report report() {
        return Report.of("sigmoid-attention", Budget.QUICK)
                .claims(List.of(new Claim("speed", "17% faster than softmax", "abstract")))
                .table(new Table("Forward pass", List.of("N", "paper", "heed", "softmax ms"), List.of(
                        List.of(2048, "1.17x", 1.2345, 10.0), Arrays.asList(8192, null, 1.3, 123.456))))
                .plot(new Plot("Loss", "step", "nats", List.of(new Plot.Series("sigmoid", new double[] {0, 10},
                        new double[] {5.5, Double.NaN}))))
                .note("two cores").verdict(Verdict.Outcome.REPRODUCED, "1.23x against 1.17x");
    }

    @Test
    void textIsAligned() {
        assertThat(report().text().lines()).contains(
                "Study of sigmoid-attention (quick)",
                "Claim: 17% faster than softmax [abstract]",
                "   N  paper   heed  softmax ms",
                "2048  1.17x  1.235       10.00",
                "8192  -      1.300       123.5",
                "Note: two cores",
                "Verdict: reproduced: 1.23x against 1.17x");
    }

    @Test
    void jsonHoldsTheNumbers() throws IOException {
        JsonNode root = new ObjectMapper().readTree(report().json());
        assertThat(root.at("/verdict").asText()).isEqualTo("reproduced");
        assertThat(root.at("/tables/0/rows/0/2").doubleValue()).isEqualTo(1.2345);
        assertThat(root.at("/tables/0/rows/1/1").isNull()).isTrue();
        assertThat(root.at("/plots/0/series/0/y/1").isNull()).isTrue();
        assertThat(root.at("/claims/0/id").asText()).isEqualTo("speed");
        assertThat(root.at("/machine").asText()).contains("cores").contains("Java");
    }

    @Test
    void whatIsStoredIsReadBackWhole() throws IOException {
        Report report = report();
        StudyStore store = new StudyStore(folder);
        store.save(report);
        Report read = store.report("sigmoid-attention").orElseThrow();
        assertThat(read.text()).isEqualTo(report.text());
        assertThat(read.json()).isEqualTo(report.json());
        Files.writeString(folder.resolve("sigmoid-attention.json"), "{\"verdict\": \"reproduced\", \"tables\": 3");
        assertThat(store.report("sigmoid-attention")).isEmpty();
        assertThat(store.report("aaren")).isEmpty();
    }

    @Test
    void numbersAreShortAndExactWhereWhole() {
        assertThat(Table.text(null)).isEqualTo("-");
        assertThat(Table.text(1234567L)).isEqualTo("1234567");
        assertThat(Table.text(0.0)).isEqualTo("0");
        assertThat(Table.text(0.012345)).isEqualTo("0.01235");
        assertThat(Table.text(12345.678f)).isEqualTo("12346");
        assertThat(Table.text(1.5e-7)).isEqualTo("1.500e-07");
        assertThat(Table.text(Double.NaN)).isEqualTo("NaN");
    }

    @Test
    void tablesAndSeriesMustBeWhole() {
        assertThatThrownBy(() -> new Table("t", List.of("a", "b"),
                List.of(List.of(1)))).hasMessageContaining("1 cells");
        assertThatThrownBy(() -> new Table("t", List.of("a"), List.of(List.of(List.of()))))
                .hasMessageContaining("text or a number");
        assertThatThrownBy(() -> new Plot.Series("s", new double[2],
                new double[3])).hasMessageContaining("2 x and 3 y");
    }

    @Test
    void theStoreKeepsTheLastVerdict() throws IOException {
        StudyStore store = StudyStore.in(folder);
        assertThat(store.last("sigmoid-attention")).isEmpty();
        Report report = report();
        store.save(report);
        assertThat(store.last("sigmoid-attention")).contains(
                new LastVerdict("sigmoid-attention", report.verdict(), Budget.QUICK, report.time()));
        Files.writeString(folder.resolve("studies/sigmoid-attention.json"), "{\"verdict\": \"reprod");
        assertThat(store.last("sigmoid-attention")).isEmpty();
        assertThatThrownBy(() -> store.last("../x")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void budgetsHaveNames() {
        assertThat(Budget.named(" Full ")).isEqualTo(Budget.FULL);
        assertThatThrownBy(() -> Budget.named("long")).hasMessage("budget 'long': must be quick or full");
    }
}
