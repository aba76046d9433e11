package io.heed.cli.inspect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;

import io.heed.cli.report.Curve;
import io.heed.cli.report.Grid;
import io.heed.cli.report.HeadExplorer;
import io.heed.cli.report.HeadMaps;
import io.heed.cli.report.HeatTable;
import io.heed.cli.report.Html;
import io.heed.cli.report.LineChart;
import io.heed.cli.report.Page;
import io.heed.insight.AttentionStatistics;
import io.heed.insight.HeadImportance;

/** An inspection as one self-contained page. */
public final class InspectionPage {
    private static final int MOST_CURVES = 8;

    private final Inspection found;

    private InspectionPage(Inspection found) {
        this.found = found;
    }

    /**
     * The page.
     *
     * @param when    when it was made, in words
     * @param command what to type to make it again
     */
    public static String html(Inspection found, String when, String command) {
        InspectionPage page = new InspectionPage(found);
        return new Page("heed inspect", found.subject().name() + ", " + when, InspectionText.headline(found))
                .withHeads()
                .section("What was read", page.facts())
                .section("Layer by layer, head by head", page.heat())
                .section("Every head's map",
                Html.note("Queries down, keys across; the stronger the colour, the more attention. The first "
                        + "window" + (found.window() > 48 ? ", averaged into squares of several tokens" : "")
                        + ". Choose one to see it on the text.") + page.maps())
                .section("One head on the text", page.explorer())
                .section("How far heads look", page.reach())
                .section("Why a token draws attention", page.geometry())
                .section("All figures", "<details><summary>" + found.figures().size() + " heads</summary>"
                + page.figures() + "</details>\n")
                .section("Do it again", Html.code(command)).html();
    }

    private String facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Model", found.subject().about());
        facts.put("Text", InspectionText.reading(found));
        facts.put("Sinks draw more than", InspectionText.percent(found.settings().epsilon())
                + " of the attention that can reach them");
        double first = found.figures().stream().mapToDouble(one ->
                found.statistics().get(one.layer()).sinkShare(one.head(), 0, found.settings().epsilon())).average()
                .orElse(0);
        facts.put("Heads with a sink on the first token", InspectionText.percent(first));
        return Html.facts(facts);
    }

    private String heat() {
        StringBuilder html = new StringBuilder("<div class=\"pair\">\n");
        html.append(table("Attention on the first token", "share", HeadFigures::first, 1, value -> whole(100 * value)
                + "%"));
        if (InspectionText.isRaw(found)) {
            html.append(table("Raw weight on the first token", "not divided by the row's sum", HeadFigures::raw,
                    largest(HeadFigures::raw), value -> InspectionText.decimals(value, 3)));
        }
        html.append(table("Evenness", "entropy over that of even attention", HeadFigures::evenness, 1,
                value -> InspectionText.decimals(value, 2)));
        html.append(table("Reach", "mean distance, tokens", HeadFigures::distance, largest(HeadFigures::distance),
                value -> InspectionText.decimals(value, value < 9.95 ? 1 : 0)));
        if (found.settings().removal() == null) {
            html.append(table("Attention on the token before", "share", HeadFigures::previous, 1,
                    value -> whole(100 * value) + "%"));
        } else {
            html.append(table("Worth", found.settings().removal() == HeadImportance.Removal.MEAN
                    ? "nats lost a token with the head's output at its mean" : "nats lost a token with the head silent",
                    HeadFigures::worth, largest(HeadFigures::worth), value -> InspectionText.decimals(value + 0.0, 3)));
        }
        return html.append("</div>\n").toString();
    }

    private String table(String title, String unit, ToDoubleFunction<HeadFigures> figure, double full,
                         DoubleFunction<String> format) {
        double[][] values = new double[found.layers().size()][found.heads().size()];
        for (int l = 0; l < values.length; l++) {
            for (int h = 0; h < values[l].length; h++) {
                values[l][h] = figure.applyAsDouble(found.figures(found.layers().get(l), found.heads().get(h)));
            }
        }
        return new HeatTable(title, unit, found.layers(), found.heads(), values, full, format).html();
    }

    private double largest(ToDoubleFunction<HeadFigures> figure) {
        return Math.max(1e-9, found.figures().stream().mapToDouble(figure).filter(Double::isFinite).max().orElse(1));
    }

    private String maps() {
        HeadMaps maps = new HeadMaps();
        for (int layer : found.layers()) {
            AttentionStatistics statistics = found.statistics().get(layer);
            maps.layer(layer, found.heads(), found.heads().stream().map(head -> sharpened(statistics.thumbnail()[head]))
                    .toList(),
                    found.heads().stream().map(head -> caption(found.figures(layer, head))).toList());
        }
        return maps.html();
    }

    /** A square of several keys holds the mean of a row's shares of them; full colour is the largest there is. */
    private static float[][] sharpened(float[][] map) {
        float most = 1e-6f;
        for (float[] row : map) {
            for (float value : row) {
                most = Math.max(most, value);
            }
        }
        float[][] scaled = new float[map.length][];
        for (int i = 0; i < map.length; i++) {
            scaled[i] = map[i].clone();
            for (int j = 0; j < scaled[i].length; j++) {
                scaled[i][j] /= most;
            }
        }
        return scaled;
    }

    private static String caption(HeadFigures one) {
        if (one.isSink()) {
            return "sink " + whole(100 * one.most()) + "%";
        }
        return one.previous() > 0.4 ? "token before" : one.evenness() > 0.9 ? "even" : "";
    }

    private String explorer() {
        HeadExplorer explorer = new HeadExplorer(found.symbols(), found.surprise());
        for (int layer : found.layers()) {
            for (int i = 0; i < found.heads().size(); i++) {
                explorer.head(layer, found.heads().get(i), found.maps().get(layer).get(i));
            }
        }
        HeadFigures most = found.figures().stream().max(Comparator.comparingDouble(HeadFigures::most)).orElseThrow();
        String cut = found.window() > found.symbols().size() ? Html.note("The first " + found.symbols().size()
                + " tokens.") : "";
        return explorer.first(most.layer(), most.head()).html() + cut;
    }

    /** The share of attention within d tokens, for each layer: the mean over its heads. */
    private String reach() {
        List<Curve> curves = new ArrayList<>();
        List<Integer> layers = found.layers();
        int shown = Math.min(MOST_CURVES, layers.size());
        for (int c = 0; c < shown; c++) {
            int layer = layers.get(shown == 1 ? 0 : c * (layers.size() - 1) / (shown - 1));
            double[][] profile = found.statistics().get(layer).profile();
            int length = profile[0].length;
            double[] distances = new double[length];
            double[] within = new double[length];
            double sum = 0;
            for (int d = 0; d < length; d++) {
                for (int head : found.heads()) {
                    sum += profile[head][d] * (length - d) / length / found.heads().size();
                }
                distances[d] = d;
                within[d] = 100 * sum;
            }
            curves.add(Curve.of("layer " + layer, c, distances, within));
        }
        return new LineChart("Attention within a distance", "% of a token's attention", List.of(
                new LineChart.Panel("distance, tokens", curves))).html();
    }

    private String geometry() {
        List<String> columns = List.of("Layer", "Residual stream, first token over the others",
                "Key norm, first over the others",
                "Value norm, first over the others", "cos(q, k) of the first token", "of the others");
        Grid grid = new Grid(columns);
        for (int layer : found.layers()) {
            AttentionStatistics.KeyGeometry keys = found.statistics().get(layer).keys();
            double[] cosine = {0, 0};
            for (int head : found.heads()) {
                cosine[0] += keys.cosine()[head][0] / found.heads().size();
                cosine[1] += others(keys.cosine()[head]) / found.heads().size();
            }
            grid.row(List.of(Grid.Cell.of("layer " + layer), Grid.Cell.of(times(ratio(found.norms().get(layer)))),
                    Grid.Cell.of(times(ratio(mean(keys.keyNorm())))),
                    Grid.Cell.of(times(ratio(mean(keys.valueNorm())))),
                    Grid.Cell.of(InspectionText.decimals(cosine[0], 2)),
                    Grid.Cell.of(InspectionText.decimals(cosine[1], 2))));
        }
        return grid.html()
                + Html.note("A weight grows with |q| |k| cos(q, k). A sink token's key often is short but lies close"
                + " to "
                + "all queries, its value is short too, and its residual stream far longer than the others' (massive"
                + " activations).");
    }

    private String figures() {
        Grid grid = new Grid(InspectionText.headings(found));
        found.figures().forEach(one -> grid.row(InspectionText.cells(found, one).stream().map(Grid.Cell::of).toList()));
        return grid.html();
    }

    private static double ratio(float[] byPosition) {
        return byPosition[0] / Math.max(1e-12, others(byPosition));
    }

    private static double others(float[] byPosition) {
        double sum = 0;
        for (int i = 1; i < byPosition.length; i++) {
            sum += byPosition[i];
        }
        return sum / Math.max(1, byPosition.length - 1);
    }

    private static float[] mean(float[][] rows) {
        float[] mean = new float[rows[0].length];
        for (float[] row : rows) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += row[i] / rows.length;
            }
        }
        return mean;
    }

    private static String times(double ratio) {
        return InspectionText.decimals(ratio, 2) + " times";
    }

    private static String whole(double value) {
        return InspectionText.decimals(value, 0);
    }
}
