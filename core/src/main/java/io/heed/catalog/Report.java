package io.heed.catalog;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * What a study found: numbers, curves, and the verdict that follows from them.
 *
 * @param system  the system's id
 * @param budget  the time it was given
 * @param claims  what was tested
 * @param tables  the paper's numbers, ours and the baseline's
 * @param plots   curves
 * @param notes   what a reader must know to judge the numbers
 * @param verdict whether the claims held
 * @param time    when the study began
 * @param seconds how long it took
 * @param machine where it ran
 */
public record Report(String system, Budget budget, List<Claim> claims, List<Table> tables, List<Plot> plots,
                     List<String> notes, Verdict verdict, Instant time, double seconds, String machine) {
    public Report {
        claims = List.copyOf(claims);
        tables = List.copyOf(tables);
        plots = List.copyOf(plots);
        notes = List.copyOf(notes);
    }

    /** Starts a report, and its clock. */
    public static Builder of(String system, Budget budget) {
        return new Builder(system, budget);
    }

    /** The report as plain text, with aligned tables. */
    public String text() {
        return ReportText.render(this);
    }

    /** The report as one JSON object. */
    public String json() {
        return ReportJson.render(this);
    }

    /** Collects a report while the study runs. */
    public static final class Builder {
        private final String system;
        private final Budget budget;
        private final Instant started = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        private final long clock = System.nanoTime();
        private final List<Claim> claims = new ArrayList<>();
        private final List<Table> tables = new ArrayList<>();
        private final List<Plot> plots = new ArrayList<>();
        private final List<String> notes = new ArrayList<>();

        private Builder(String system, Budget budget) {
            this.system = system;
            this.budget = budget;
        }

        /** Adds what is tested. */
        public Builder claims(List<Claim> tested) {
            claims.addAll(tested);
            return this;
        }

        /** Adds a table. */
        public Builder table(Table table) {
            tables.add(table);
            return this;
        }

        /** Adds a plot. */
        public Builder plot(Plot plot) {
            plots.add(plot);
            return this;
        }

        /** Adds a note. */
        public Builder note(String note) {
            notes.add(note);
            return this;
        }

        /** Time since the report was started. */
        public Duration elapsed() {
            return Duration.ofNanos(System.nanoTime() - clock);
        }

        /** Ends the report, and its clock. */
        public Report verdict(Verdict.Outcome outcome, String reason) {
            return new Report(system, budget, claims, tables, plots, notes, new Verdict(outcome, reason), started,
                    elapsed().toMillis() / 1000.0, Machine.describe());
        }
    }
}
