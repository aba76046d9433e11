package io.heed.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.heed.catalog.Budget;
import io.heed.catalog.Catalog;
import io.heed.catalog.Claim;
import io.heed.catalog.Report;
import io.heed.catalog.StudyStore;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class StudiesPageTest {
    @Test
    void whatDidNotReproduceComesFirstWithItsNumbers(@TempDir Path folder) throws IOException {
        StudyStore store = new StudyStore(folder);
        store.save(report("aaren", Verdict.Outcome.REPRODUCED, "0.51 against 0.50"));
        store.save(report("lightning-attention", Verdict.Outcome.NOT_REPRODUCED, "1.9 | against 1.7\nof softmax"));
        String page = StudiesPage.markdown(Catalog.load(), store);
        assertThat(page).contains("1 reproduced, 0 partly, 1 not; not run: ")
                .contains("| [`lightning-attention`](#lightning-attention) | quick | 1.9 \\| against 1.7 of softmax |")
                .contains("| paper | ours |\n| --- | --- |\n| 1.170 | - |\n")
                .contains("- Claim: as good as softmax (table 3)")
                .doesNotContain("Partly");
        assertThat(page.indexOf("## Not reproduced")).isPositive().isLessThan(page.indexOf("## Reproduced"));
        assertThat(page.indexOf("## Reproduced")).isLessThan(page.indexOf("## aaren"));
    }

    @Test
    void withoutAStudyThereIsNoPage(@TempDir Path folder) {
        assertThatThrownBy(() -> StudiesPage.markdown(Catalog.load(), new StudyStore(folder)))
                .hasMessageStartingWith("no study has been run yet");
    }

    private static Report report(String system, Verdict.Outcome outcome, String reason) {
        return Report.of(system, Budget.QUICK).claims(List.of(new Claim("quality", "as good as softmax", "table 3")))
                .table(new Table("Loss", List.of("paper", "ours"), List.of(Arrays.asList(1.17, null))))
                .note("two cores").verdict(outcome, reason);
    }
}
