package io.heed.cli.inspect;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

import io.heed.cli.output.TextTable;

/** An inspection in words and as a plain table. */
public final class InspectionText {
    private InspectionText() { }

    /** What was found, in a sentence. */
    public static String headline(Inspection found) {
        List<HeadFigures> sinks = found.sinks();
        HeadFigures most = found.figures().stream().max(Comparator.comparingDouble(HeadFigures::most)).orElseThrow();
        String strongest = String.format(Locale.ROOT, "layer %d head %d gives %s %.0f%% of its attention", most.layer(),
                most.head(),
                place(found, most), 100 * most.most());
        if (sinks.isEmpty()) {
            return String.format(Locale.ROOT,
                    "None of %d heads has a sink: the strongest, %s, with %.0f%% as the limit.",
                    found.figures().size(), strongest, 100 * found.settings().epsilon());
        }
        long first = sinks.stream().filter(sink -> sink.strongest() == 0).count();
        String where = first == sinks.size() ? ", all on the first token" : first == 0 ? ", none on the first token"
                : ", " + first + " on the first token";
        return sinks.size() + " of " + found.figures().size() + (sinks.size() == 1 ? " heads has a sink"
                : " heads have a sink")
                + where + "; the strongest, " + strongest + ".";
    }

    /** How many tokens were read, and how well. */
    public static String reading(Inspection found) {
        int read = found.windows() * found.window();
        return String.format(Locale.ROOT, "%,d of %,d tokens%s, loss %.3f nats a token", read, found.tokens(),
                found.windows() == 1 ? "" : " in " + found.windows() + " windows of " + found.window(), found.loss());
    }

    /** The table. */
    public static String table(Inspection found) {
        TextTable table = new TextTable(headings(found));
        found.figures().forEach(one -> table.row(cells(found, one)));
        return table.toString();
    }

    static List<String> headings(Inspection found) {
        List<String> headings = new ArrayList<>(List.of("layer.head", "first token", "strongest of the first half",
                "sink",
                "entropy", "evenness", "distance", "token before"));
        if (isRaw(found)) {
            headings.addAll(List.of("raw on first", "row sum"));
        }
        if (found.settings().removal() != null) {
            headings.add("loss without");
        }
        return headings;
    }

    static List<String> cells(Inspection found, HeadFigures one) {
        List<String> cells = new ArrayList<>(List.of(one.layer() + "." + one.head(), percent(one.first()),
                place(found, one) + " " + percent(one.most()), one.isSink() ? "yes" : "-", decimals(one.entropy(), 2),
                decimals(one.evenness(), 2), decimals(one.distance(), 1), percent(one.previous())));
        if (isRaw(found)) {
            cells.addAll(List.of(decimals(one.raw(), 3), decimals(one.mass(), 3)));
        }
        if (found.settings().removal() != null) {
            cells.add(Double.isNaN(one.worth()) ? "-" : signed(one.worth()));
        }
        return cells;
    }

    /** Whether rows do not sum to 1, so that shares alone would mislead. */
    static boolean isRaw(Inspection found) {
        return found.figures().stream().anyMatch(one -> Math.abs(one.mass() - 1) > 1e-3);
    }

    /** Which token draws most; one symbol stands there only when all windows are one. */
    private static String place(Inspection found, HeadFigures one) {
        String name = one.strongest() == 0 ? "the first token" : "token " + one.strongest();
        return found.windows() == 1 ? name + " " + found.symbol(one.strongest()) : name;
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f%%", 100 * share);
    }

    static String decimals(double value, int places) {
        return String.format(Locale.ROOT, "%." + places + "f", value);
    }

    static String signed(double value) {
        return String.format(Locale.ROOT, "%+.4f", value);
    }
}
