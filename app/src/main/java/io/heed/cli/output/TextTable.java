package io.heed.cli.output;

import java.util.ArrayList;
import java.util.List;

/** A table in plain text, two spaces between columns. The first column is left-aligned, the others right-aligned. */
public final class TextTable {
    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();
    private boolean leftAligned;

    /** @param headings the first line */
    public TextTable(List<String> headings) {
        rows.add(List.copyOf(headings));
    }

    /** Aligns all columns left: for tables of words. */
    public TextTable leftAligned() {
        leftAligned = true;
        return this;
    }

    /** Adds a row of as many cells as there are headings. */
    public TextTable row(List<String> cells) {
        if (cells.size() != rows.getFirst().size()) {
            throw new IllegalArgumentException("a row of " + cells.size() + " cells in a table of "
                    + rows.getFirst().size() + " columns");
        }
        rows.add(List.copyOf(cells));
        return this;
    }

    /** Adds a line of its own, after which rows of another kind follow. */
    public TextTable section(String title) {
        rows.add(List.of(title));
        return this;
    }

    /** The lines, each with a line end. */
    @Override
    public String toString() {
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns && row.size() == columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                String space = " ".repeat(Math.max(0, widths[i] - row.get(i).length()));
                line.append(i == 0 ? "" : GAP).append(i == 0 || leftAligned ? row.get(i) + space : space + row.get(i));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
