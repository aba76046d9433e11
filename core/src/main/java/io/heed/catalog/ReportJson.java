package io.heed.catalog;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Reports as JSON. */
final class ReportJson {
    private static final ObjectMapper JSON = new ObjectMapper();

    private ReportJson() { }

    static String render(Report report) {
        ObjectNode root = JSON.createObjectNode();
        root.put("system", report.system()).put("budget", report.budget().toString());
        root.put("verdict", report.verdict().outcome().text()).put("reason", report.verdict().reason());
        root.put("time", report.time().toString()).put("seconds", report.seconds()).put("machine", report.machine());
        ArrayNode claims = root.putArray("claims");
        report.claims().forEach(claim -> claims.addObject().put("id", claim.id()).put("statement", claim.statement())
                .put("source", claim.source()));
        ArrayNode tables = root.putArray("tables");
        report.tables().forEach(table -> append(tables.addObject(), table));
        ArrayNode plots = root.putArray("plots");
        report.plots().forEach(plot -> append(plots.addObject(), plot));
        report.notes().forEach(root.putArray("notes")::add);
        return root.toString();
    }

    /** The outcome that {@link #render} wrote, or nothing when the text is not such a report. */
    static Optional<LastVerdict> lastVerdict(String text) {
        try {
            JsonNode root = JSON.readTree(text);
            for (Verdict.Outcome outcome : Verdict.Outcome.values()) {
                if (outcome.text().equals(root.path("verdict").asText())) {
                    return Optional.of(new LastVerdict(root.path("system").asText(),
                            new Verdict(outcome, root.path("reason").asText()),
                            Budget.named(root.path("budget").asText()), Instant.parse(root.path("time").asText())));
                }
            }
            return Optional.empty();
        } catch (JsonProcessingException | RuntimeException e) {
            return Optional.empty();
        }
    }

    /** The report that {@link #render} wrote, with NaN for numbers that JSON cannot hold; nothing for another text. */
    static Optional<Report> read(String text) {
        Optional<LastVerdict> last = lastVerdict(text);
        if (last.isEmpty()) {
            return Optional.empty();
        }
        try {
            JsonNode root = JSON.readTree(text);
            List<Claim> claims = new ArrayList<>();
            root.path("claims").forEach(claim -> claims.add(new Claim(claim.path("id").asText(),
                    claim.path("statement").asText(), claim.path("source").asText())));
            List<Table> tables = new ArrayList<>();
            root.path("tables").forEach(table -> tables.add(table(table)));
            List<Plot> plots = new ArrayList<>();
            root.path("plots").forEach(plot -> plots.add(plot(plot)));
            List<String> notes = new ArrayList<>();
            root.path("notes").forEach(note -> notes.add(note.asText()));
            return Optional.of(new Report(last.get().system(), last.get().budget(), claims, tables, plots, notes,
                    last.get().verdict(), last.get().time(), root.path("seconds").asDouble(),
                    root.path("machine").asText()));
        } catch (JsonProcessingException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static Table table(JsonNode node) {
        List<String> columns = new ArrayList<>();
        node.path("columns").forEach(column -> columns.add(column.asText()));
        List<List<Object>> rows = new ArrayList<>();
        for (JsonNode row : node.path("rows")) {
            List<Object> cells = new ArrayList<>();
            row.forEach(cell -> cells.add(cell.isNull() ? null
                    : cell.isNumber() ? cell.numberValue() : cell.asText()));
            rows.add(cells);
        }
        return new Table(node.path("title").asText(), columns, rows);
    }

    private static Plot plot(JsonNode node) {
        List<Plot.Series> series = new ArrayList<>();
        node.path("series").forEach(curve -> series.add(new Plot.Series(curve.path("name").asText(),
                numbers(curve.path("x")), numbers(curve.path("y")))));
        return new Plot(node.path("title").asText(), node.path("x").asText(), node.path("y").asText(), series);
    }

    private static double[] numbers(JsonNode array) {
        double[] numbers = new double[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = array.get(i).asDouble(Double.NaN);
        }
        return numbers;
    }

    private static void append(ObjectNode node, Table table) {
        node.put("title", table.title());
        table.columns().forEach(node.putArray("columns")::add);
        ArrayNode rows = node.putArray("rows");
        for (List<Object> row : table.rows()) {
            ArrayNode cells = rows.addArray();
            row.forEach(cell -> cells.add(finite(JSON.valueToTree(cell))));
        }
    }

    private static void append(ObjectNode node, Plot plot) {
        node.put("title", plot.title()).put("x", plot.xTitle()).put("y", plot.yTitle());
        ArrayNode series = node.putArray("series");
        for (Plot.Series curve : plot.series()) {
            ObjectNode one = series.addObject().put("name", curve.name());
            ArrayNode x = one.putArray("x");
            ArrayNode y = one.putArray("y");
            for (int i = 0; i < curve.x().length; i++) {
                x.add(finite(JSON.valueToTree(curve.x()[i])));
                y.add(finite(JSON.valueToTree(curve.y()[i])));
            }
        }
    }

    /** JSON has no NaN and no infinity: they become null. */
    private static JsonNode finite(JsonNode number) {
        return number.isNumber() && !Double.isFinite(number.doubleValue()) ? JSON.nullNode() : number;
    }
}
