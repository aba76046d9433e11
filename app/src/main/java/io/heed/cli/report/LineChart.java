package io.heed.cli.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Curves over one or more choices of the horizontal axis (steps, seconds), between which a page's reader switches.
 *
 * <p>Lines are drawn in a 1000 by 1000 square that the browser stretches over the plot, while labels are ordinary text
 * placed in percent: so the chart keeps its type size at any width, without a script. The script only adds values under
 * the pointer.
 */
public final class LineChart {
    private static final int HEIGHT = 300;
    private static final int LABEL_HEIGHT = 17;

    private final String title;
    private final String values;
    private final List<Panel> panels;

    /**
     * One choice of the horizontal axis.
     *
     * @param axis   what the axis counts, e.g. {@code steps}
     * @param curves the lines, all over this axis
     */
    public record Panel(String axis, List<Curve> curves) { }

    /**
     * @param title  what is shown
     * @param values what the vertical axis counts
     * @param panels at least one
     */
    public LineChart(String title, String values, List<Panel> panels) {
        this.title = title;
        this.values = values;
        this.panels = List.copyOf(panels);
    }

    /** The chart as a figure. */
    public String html() {
        StringBuilder html = new StringBuilder("<figure class=\"chart\"><figcaption>").append(Html.text(title))
                .append(" <span>").append(Html.text(values)).append("</span></figcaption>\n");
        for (Panel panel : panels) {
            html.append(panel(panel));
        }
        return html.append("</figure>\n").toString();
    }

    private String panel(Panel panel) {
        List<Curve> curves = panel.curves().stream().filter(curve -> curve.x().length > 0).toList();
        Axis across = new Axis(first(curves), end(curves), 6);
        Axis up = vertical(curves);
        StringBuilder html = new StringBuilder("<div class=\"panel\" data-axis=\"").append(Html.text(panel.axis()))
                .append("\">\n<div class=\"plot\" style=\"height:").append(HEIGHT).append("px\">\n");
        for (double tick : up.ticks()) {
            html.append(String.format(Locale.ROOT, "<i class=\"rule\" style=\"bottom:%.2f%%\"><b>%s</b></i>%n",
                    100 * up.share(tick), up.label(tick)));
        }
        for (double tick : across.ticks()) {
            html.append(String.format(Locale.ROOT, "<i class=\"tick\" style=\"left:%.2f%%\"><b>%s</b></i>%n",
                    100 * across.share(tick), across.label(tick)));
        }
        html.append("<svg viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"")
                .append(Html.text(title + " over " + panel.axis())).append("\">\n");
        for (Curve curve : curves) {
            String style = Html.colourClass(curve.colour());
            if (curve.hasBand()) {
                html.append("<path class=\"band ").append(style).append("\" d=\"").append(band(curve, across, up))
                        .append("\"/>\n");
            }
            html.append("<path class=\"line ").append(style).append("\" d=\"")
                    .append(path(curve.x(), curve.y(), across, up))
                    .append("\"/>\n");
        }
        html.append("</svg>\n").append(ends(curves, up));
        html.append("<i class=\"cursor\"></i><div class=\"tip\"></div>\n<script type=\"application/json\">")
                .append(Html.scriptData(data(panel, curves, across, up)))
                .append("</script>\n</div>\n<p class=\"axis\">")
                .append(Html.text(panel.axis())).append("</p></div>\n");
        return html.toString();
    }

    /** Names at the right ends of their curves, moved apart where they would overlap. */
    private static String ends(List<Curve> curves, Axis up) {
        List<Curve> sorted = new ArrayList<>(curves);
        sorted.sort(Comparator.comparingDouble(LineChart::last));
        double[] places = new double[sorted.size()];
        double floor = -LABEL_HEIGHT / 2.0;
        for (int i = 0; i < places.length; i++) {
            places[i] = Math.max(floor, up.share(last(sorted.get(i))) * HEIGHT);
            floor = places[i] + LABEL_HEIGHT;
        }
        double ceiling = HEIGHT;
        for (int i = places.length - 1; i >= 0; i--) {
            places[i] = Math.min(places[i], ceiling);
            ceiling = places[i] - LABEL_HEIGHT;
        }
        StringBuilder html = new StringBuilder();
        for (int i = 0; i < places.length; i++) {
            Curve curve = sorted.get(i);
            html.append(String.format(Locale.ROOT, "<span class=\"end %s\" style=\"bottom:%.0fpx\">%s</span>%n",
                    Html.colourClass(curve.colour()), places[i], Html.text(curve.name())));
        }
        return html.toString();
    }

    /** Shows all values but the steep beginning: what a curve does in its first twentieth may leave the plot. */
    private static Axis vertical(List<Curve> curves) {
        double from = first(curves) + (end(curves) - first(curves)) / 20;
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Curve curve : curves) {
            for (int i = 0; i < curve.x().length; i++) {
                boolean last = i == curve.x().length - 1;
                double bottom = curve.hasBand() ? curve.low()[i] : curve.y()[i];
                double top = curve.hasBand() ? curve.high()[i] : curve.y()[i];
                if (Double.isFinite(bottom) && Double.isFinite(top)) {
                    low = Math.min(low, bottom);
                    if (curve.x()[i] >= from || last) {
                        high = Math.max(high, top);
                    }
                }
            }
        }
        if (low > high) {
            return new Axis(0, 1, 5);
        }
        double margin = 0.06 * (high - low);
        return new Axis(low >= 0 ? Math.max(0, low - margin) : low - margin, high + margin, 7);
    }

    private static double first(List<Curve> curves) {
        return curves.stream().mapToDouble(curve -> curve.x()[0]).min().orElse(0);
    }

    private static double end(List<Curve> curves) {
        return curves.stream().mapToDouble(curve -> curve.x()[curve.x().length - 1]).max().orElse(1);
    }

    private static double last(Curve curve) {
        return curve.y()[curve.y().length - 1];
    }

    private static String path(double[] x, double[] y, Axis across, Axis up) {
        StringBuilder path = new StringBuilder();
        boolean pen = false;
        for (int i = 0; i < x.length; i++) {
            if (!Double.isFinite(y[i])) {
                pen = false;
                continue;
            }
            path.append(String.format(Locale.ROOT, "%s%.1f %.1f", pen ? "L" : "M", 1000 * across.share(x[i]),
                    1000 * (1 - up.share(y[i]))));
            pen = true;
        }
        return path.toString();
    }

    private static String band(Curve curve, Axis across, Axis up) {
        int n = curve.x().length;
        double[] x = new double[2 * n];
        double[] y = new double[2 * n];
        for (int i = 0; i < n; i++) {
            x[i] = curve.x()[i];
            y[i] = curve.high()[i];
            x[2 * n - 1 - i] = curve.x()[i];
            y[2 * n - 1 - i] = curve.low()[i];
        }
        return path(x, y, across, up) + "Z";
    }

    /** What the script needs to show values: for each curve its colour, positions and values, and the axes' ends. */
    private static String data(Panel panel, List<Curve> curves, Axis across, Axis up) {
        StringBuilder json = new StringBuilder("{\"axis\":").append(quote(panel.axis()))
                .append(String.format(Locale.ROOT, ",\"x\":[%.6g,%.6g],\"y\":[%.6g,%.6g],\"curves\":[", across.low(),
                        across.high(), up.low(), up.high()));
        String separator = "";
        for (Curve curve : curves) {
            json.append(separator).append("{\"name\":").append(quote(curve.name())).append(",\"colour\":")
                    .append(Math.floorMod(curve.colour(), 8)).append(",\"x\":").append(numbers(curve.x()))
                    .append(",\"y\":")
                    .append(numbers(curve.y())).append('}');
            separator = ",";
        }
        return json.append("]}").toString();
    }

    private static String numbers(double[] values) {
        StringBuilder json = new StringBuilder("[");
        for (int i = 0; i < values.length; i++) {
            json.append(i == 0 ? "" : ",").append(Double.isFinite(values[i])
                    ? String.format(Locale.ROOT, "%.5g", values[i]) : "null");
        }
        return json.append(']').toString();
    }

    private static String quote(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
