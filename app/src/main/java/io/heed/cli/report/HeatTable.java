package io.heed.cli.report;

import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;

/**
 * A figure of every layer and head, as a table whose cells are the deeper in colour the larger they are.
 *
 * @param title  what is shown
 * @param unit   in what
 * @param layers numbers of the layers, down
 * @param heads  numbers of the heads, across
 * @param values (layers, heads); NaN where there is nothing
 * @param full   the value of the deepest colour
 * @param format how a value is written
 */
public record HeatTable(String title, String unit, List<Integer> layers, List<Integer> heads, double[][] values,
        double full,
                        DoubleFunction<String> format) {
    /** The table as a figure; a cell leads to its head in the {@link HeadExplorer}. */
    public String html() {
        StringBuilder html = new StringBuilder("<figure class=\"chart heat\"><figcaption>").append(Html.text(title))
                .append(" <span>").append(Html.text(unit))
                .append("</span></figcaption>\n<div class=\"scroll\"><table><thead><tr>"
                        + "<th scope=\"col\">layer</th>");
        heads.forEach(head -> html.append("<th scope=\"col\"><span class=\"quiet\">head </span>").append(head)
                .append("</th>"));
        html.append("</tr></thead>\n<tbody>\n");
        for (int l = 0; l < layers.size(); l++) {
            html.append("<tr><th scope=\"row\">").append(layers.get(l)).append("</th>");
            for (int h = 0; h < heads.size(); h++) {
                html.append(cell(layers.get(l), heads.get(h), values[l][h]));
            }
            html.append("</tr>\n");
        }
        return html.append("</tbody></table></div></figure>\n").toString();
    }

    private String cell(int layer, int head, double value) {
        if (Double.isNaN(value)) {
            return "<td>-</td>";
        }
        double share = full > 0 ? Math.clamp(value / full, 0, 1) : 0;
        return String.format(Locale.ROOT, "<td class=\"cell%s\" data-head=\"%d.%d\" style=\"--s:%.0f%%\">%s</td>",
                share > 0.55 ? " deep" : "", layer, head, 100 * share, Html.text(format.apply(value)));
    }
}
