package io.heed.catalog;

import java.time.Instant;
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
