package io.heed.cli;

import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Report;
import io.heed.catalog.SystemCard;
import io.heed.catalog.Table;
import io.heed.cli.output.Figures;
import io.heed.cli.report.Curve;
import io.heed.cli.report.Grid;
import io.heed.cli.report.Html;
import io.heed.cli.report.LineChart;
import io.heed.cli.report.Page;

/** The HTML report of a study, in the style of a comparison's. */
final class StudyPage {
    private StudyPage() { }

    static String html(SystemCard card, Report report) {
        String when = DateTimeFormatter.ofPattern("d MMMM yyyy, HH:mm", Locale.ENGLISH).withZone(ZoneId.systemDefault())
                .format(report.time());
        Page page = new Page("heed study", card.title() + ", " + report.budget() + ", " + when, sentence(card, report));
        StringBuilder claims = new StringBuilder();
        for (Claim claim : report.claims()) {
            claims.append(Html.paragraph(claim.statement() + " [" + claim.source() + "]"));
        }
        page.section("What the paper claims", claims + Html.note(card.paper()));
        for (Table table : report.tables()) {
            page.section(table.title(), grid(table));
        }
        if (!report.plots().isEmpty()) {
            StringBuilder charts = new StringBuilder("<div class=\"pair\">\n");
            report.plots().forEach(plot -> charts.append(chart(plot).html()));
            page.section("Curves", charts.append("</div>\n").toString());
        }
        if (!report.notes().isEmpty()) {
            StringBuilder notes = new StringBuilder();
            report.notes().forEach(note -> notes.append(Html.paragraph(note)));
            page.section("Notes", notes.toString());
        }
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Machine", report.machine());
        facts.put("Time taken", Figures.duration(report.seconds()));
        page.section("Machine", Html.facts(facts));
        page.section("Do it again", Html.code("heed study " + report.system() + " --budget " + report.budget()));
        return page.html();
    }

    private static String sentence(SystemCard card, Report report) {
        String outcome = report.verdict().outcome().text();
        return card.title() + ": " + outcome + ". " + report.verdict().reason();
    }

    private static String grid(Table table) {
        Grid grid = new Grid(table.columns());
        for (List<Object> row : table.rows()) {
            grid.row(row.stream().map(cell -> Grid.Cell.of(Table.text(cell))).toList());
        }
        return grid.html();
    }

    private static LineChart chart(Plot plot) {
        List<Curve> curves = new ArrayList<>();
        for (int i = 0; i < plot.series().size(); i++) {
            Plot.Series series = plot.series().get(i);
            curves.add(Curve.of(series.name(), i, series.x(), series.y()));
        }
        return new LineChart(plot.title(), plot.yTitle(), List.of(new LineChart.Panel(plot.xTitle(), curves)));
    }
}
