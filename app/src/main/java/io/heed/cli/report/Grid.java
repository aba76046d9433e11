package io.heed.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A table of names and figures, with the best of a column marked and, where it helps, a bar under a figure. */
public final class Grid {
    private final List<String> columns;
    private final List<List<Cell>> rows = new ArrayList<>();

    /**
     * One cell.
     *
     * @param text  what it says
     * @param small further text in small type under it, e.g. a spread; may be empty
     * @param best  whether it is the best of its column
     * @param share length of the bar under the text, from 0 to 1; negative for none
     * @param html  a fragment before the text, e.g. a swatch; may be empty
     */
    public record Cell(String text, String small, boolean best, double share, String html) {
        /** Plain text. */
        public static Cell of(String text) {
            return new Cell(text, "", false, -1, "");
        }
    }

    /** @param columns headings; the first column is left-aligned, the others right-aligned */
    public Grid(List<String> columns) {
        this.columns = List.copyOf(columns);
    }

    /** Adds a row; short rows are filled with empty cells. */
    public Grid row(List<Cell> cells) {
        rows.add(List.copyOf(cells));
        return this;
    }

    /** The table, in a frame that scrolls sideways where it does not fit. */
    public String html() {
        StringBuilder html = new StringBuilder("<div class=\"wide\"><table><thead><tr>");
        columns.forEach(column -> html.append("<th scope=\"col\">").append(Html.text(column)).append("</th>"));
        html.append("</tr></thead>\n<tbody>\n");
        for (List<Cell> row : rows) {
            html.append("<tr>");
            for (int i = 0; i < columns.size(); i++) {
                Cell cell = i < row.size() ? row.get(i) : Cell.of("");
                String tag = i == 0 ? "th" : "td";
                html.append('<').append(tag).append(i == 0 ? " scope=\"row\"" : "")
                        .append(cell.best() ? " class=\"best\"" : "")
                        .append('>').append(cell.html()).append("<span>").append(Html.text(cell.text()))
                        .append("</span>");
                if (!cell.small().isEmpty()) {
                    html.append("<small>").append(Html.text(cell.small())).append("</small>");
                }
                if (cell.share() >= 0) {
                    html.append(String.format(Locale.ROOT, "<i class=\"bar\" style=\"width:%.1f%%\"></i>",
                            100 * Math.min(1, cell.share())));
                }
                html.append("</").append(tag).append('>');
            }
            html.append("</tr>\n");
        }
        return html.append("</tbody></table></div>\n").toString();
    }
}
