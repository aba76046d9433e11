package io.heed.cli;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.heed.catalog.Catalog;
import io.heed.catalog.Claim;
import io.heed.catalog.Report;
import io.heed.catalog.StudyStore;
import io.heed.catalog.SystemCard;
import io.heed.catalog.SystemEntry;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict.Outcome;
import io.heed.cli.output.Figures;

/**
 * The last results of all studies as one Markdown page: what did not reproduce first, then each study with its numbers.
 */
final class StudiesPage {
    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("d MMMM yyyy", Locale.ENGLISH).withZone(ZoneOffset.UTC);

    /** A system and the report of its last study. */
    private record Studied(SystemCard card, Report report) { }

    private final List<Studied> studies = new ArrayList<>();
    private final List<SystemCard> missing = new ArrayList<>();
    private final StringBuilder page = new StringBuilder();

    private StudiesPage(Catalog catalog, StudyStore store) {
        List<Catalog.Listing> all = new ArrayList<>(List.of(catalog.baseline()));
        all.addAll(catalog.systems());
        for (Catalog.Listing listing : all) {
            store.report(listing.card().id()).ifPresentOrElse(
                    report -> studies.add(new Studied(listing.card(), report)), () -> {
                        if (listing.entry().flatMap(SystemEntry::study).isPresent()) {
                            missing.add(listing.card());
                        }
                    });
        }
    }

    /**
     * The page.
     *
     * @throws IllegalArgumentException when no study has been run yet
     */
    static String markdown(Catalog catalog, StudyStore store) {
        StudiesPage page = new StudiesPage(catalog, store);
        if (page.studies.isEmpty()) {
            throw new IllegalArgumentException("no study has been run yet, so there is nothing to write: run"
                    + " 'heed study ID' first");
        }
        return page.write();
    }

    private String write() {
        line("# Studies");
        line("");
        line("Each study tests the headline claim of a system's paper on a small machine and computes its verdict from"
                + " the numbers below. This page is written by `heed study --page FILE` from the last run of each.");
        line("");
        line(count(Outcome.REPRODUCED) + " reproduced, " + count(Outcome.PARTLY) + " partly, "
                + count(Outcome.NOT_REPRODUCED) + " not"
                + (missing.isEmpty() ? "" : "; not run: " + String.join(", ",
                        missing.stream().map(SystemCard::id).toList())) + ".");
        for (Outcome outcome : List.of(Outcome.NOT_REPRODUCED, Outcome.PARTLY, Outcome.REPRODUCED)) {
            summary(outcome);
        }
        studies.forEach(this::study);
        return page.toString();
    }

    private long count(Outcome outcome) {
        return studies.stream().filter(one -> one.report.verdict().outcome() == outcome).count();
    }

    private void summary(Outcome outcome) {
        if (count(outcome) == 0) {
            return;
        }
        line("");
        line("## " + outcome.text().substring(0, 1).toUpperCase(Locale.ROOT) + outcome.text().substring(1));
        line("");
        row(List.of("system", "budget", "what was found"));
        row(List.of("---", "---", "---"));
        for (Studied one : studies) {
            if (one.report.verdict().outcome() == outcome) {
                row(List.of("[`" + one.card.id() + "`](#" + one.card.id() + ")", one.report.budget().toString(),
                        cell(one.report.verdict().reason())));
            }
        }
    }

    private void study(Studied one) {
        Report report = one.report;
        line("");
        line("## " + one.card.id());
        line("");
        line(one.card.title() + ". " + one.card.paper());
        line("");
        for (Claim claim : report.claims()) {
            line("- Claim: " + claim.statement() + " (" + claim.source() + ")");
        }
        line("- **" + report.verdict().outcome().text() + "**: " + report.verdict().reason());
        for (Table table : report.tables()) {
            line("");
            line(table.title() + ":");
            line("");
            row(table.columns().stream().map(StudiesPage::cell).toList());
            row(table.columns().stream().map(column -> "---").toList());
            table.rows().forEach(cells -> row(cells.stream().map(value -> cell(Table.text(value))).toList()));
        }
        if (!report.notes().isEmpty()) {
            line("");
            report.notes().forEach(note -> line("- " + note));
        }
        line("");
        line("`heed study " + report.system() + " --budget " + report.budget() + "`, "
                + Figures.duration(report.seconds()) + " on " + report.machine() + ", " + DAY.format(report.time())
                + ".");
    }

    private void row(List<String> cells) {
        line("| " + String.join(" | ", cells) + " |");
    }

    /** Text that neither ends a cell nor a row. */
    private static String cell(String text) {
        return text.replace("|", "\\|").replaceAll("\\s*\\n\\s*", " ");
    }

    private void line(String text) {
        page.append(text).append('\n');
    }
}
