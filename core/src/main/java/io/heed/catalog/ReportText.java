package io.heed.catalog;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A report as plain text. */
final class ReportText {
    private static final String GAP = "  ";

    private ReportText() { }

    static String render(Report report) {
        StringBuilder text = new StringBuilder();
        text.append("Study of ").append(report.system()).append(" (").append(report.budget()).append(")\n");
        for (Claim claim : report.claims()) {
            text.append("Claim: ").append(claim.statement()).append(" [").append(claim.source()).append("]\n");
        }
        for (Table table : report.tables()) {
            text.append('\n').append(table.title()).append('\n');
            appendTable(text, table);
        }
        for (Plot plot : report.plots()) {
            text.append('\n').append(plot.title()).append(" (").append(plot.yTitle()).append(" by ")
                    .append(plot.xTitle())
                    .append(")\n");
            appendTable(text, ends(plot));
        }
        if (!report.notes().isEmpty()) {
            text.append('\n');
            report.notes().forEach(note -> text.append("Note: ").append(note).append('\n'));
        }
        text.append("\nVerdict: ").append(report.verdict()).append('\n');
        text.append(String.format(Locale.ROOT, "%.0f s on %s%n", report.seconds(), report.machine()));
        return text.toString();
    }

    /** Where a text cannot draw, the first and last point of every curve. */
    private static Table ends(Plot plot) {
        List<List<Object>> rows = new ArrayList<>();
        for (Plot.Series series : plot.series()) {
            int last = series.x().length - 1;
            if (last >= 0) {
                rows.add(List.of(series.name(), series.x()[0], series.y()[0], series.x()[last], series.y()[last]));
            }
        }
        return new Table(plot.title(), List.of("", "first x", "y", "last x", "y"), rows);
    }

    private static void appendTable(StringBuilder text, Table table) {
        List<List<String>> lines = new ArrayList<>();
        lines.add(table.columns());
        table.rows().forEach(row -> lines.add(row.stream().map(Table::text).toList()));
        int[] widths = new int[table.columns().size()];
        for (List<String> line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        for (List<String> line : lines) {
            StringBuilder row = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String pad = " ".repeat(widths[i] - line.get(i).length());
                row.append(i == 0 ? "" : GAP).append(isNumeric(table, i) ? pad + line.get(i) : line.get(i) + pad);
            }
            text.append(row.toString().stripTrailing()).append('\n');
        }
    }

    private static boolean isNumeric(Table table, int column) {
        return table.rows().stream().noneMatch(row -> row.get(column) instanceof String);
    }
}
