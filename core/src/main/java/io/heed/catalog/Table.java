package io.heed.catalog;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * A table of a report.
 *
 * @param title   what it shows
 * @param columns headings, units included, e.g. {@code "tokens/s"}
 * @param rows    cells: text, numbers, or null where there is nothing; as many as there are columns
 */
public record Table(String title, List<String> columns, List<List<Object>> rows) {
    /** @throws IllegalArgumentException when a row has another number of cells, or a cell is of another kind */
    public Table {
        columns = List.copyOf(columns);
        List<List<Object>> copies = new ArrayList<>();
        for (List<Object> row : rows) {
            if (row.size() != columns.size()) {
                throw new IllegalArgumentException("table '" + title + "': a row has " + row.size() + " cells for "
                        + columns.size() + " columns");
            }
            for (Object cell : row) {
                if (cell != null && !(cell instanceof String) && !(cell instanceof Number)) {
                    throw new IllegalArgumentException("table '" + title + "': a cell must be text or a number, not "
                            + cell.getClass().getSimpleName());
                }
            }
            copies.add(Collections.unmodifiableList(new ArrayList<>(row)));
        }
        rows = List.copyOf(copies);
    }

    /** A cell as people read it: whole numbers in full, others to four digits, {@code -} for nothing. */
    public static String text(Object cell) {
        return switch (cell) {
            case null -> "-";
            case Double d -> text(d.doubleValue());
            case Float f -> text(f.doubleValue());
            case Number n -> n.toString();
            default -> cell.toString();
        };
    }

    private static String text(double value) {
        double magnitude = Math.abs(value);
        if (value == 0 || !Double.isFinite(value)) {
            return value == 0 ? "0" : Double.toString(value);
        }
        if (magnitude >= 1e7 || magnitude < 1e-3) {
            return String.format(Locale.ROOT, "%.3e", value);
        }
        int decimals = Math.max(0, 3 - (int) Math.floor(Math.log10(magnitude)));
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
}
