package io.heed.bench;

import java.util.Locale;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One measurement.
 *
 * @param bench       what was measured
 * @param shape       batch x heads x length x head width, and options
 * @param heedMillis  median time of Heed's side, milliseconds
 * @param other       what it was measured against
 * @param otherMillis median time of the other side, milliseconds; for a stated limit, the time that the limit allows
 * @param ratio       other over heed, or the share of a stated limit that was reached
 * @param floor       the least ratio allowed, NaN where none is set
 */
public record BenchResult(String bench, String shape, double heedMillis, String other, double otherMillis, double ratio,
        double floor) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Whether the ratio reaches its floor; true where none is set. */
    public boolean holds() {
        return Double.isNaN(floor) || ratio >= floor;
    }

    /**
     * One JSON object: {@code {"bench","shape","heed_ms","other","other_ms","ratio","floor"}}; floor is null where
     * unset.
     */
    public String json() {
        ObjectNode node = JSON.createObjectNode();
        node.put("bench", bench).put("shape", shape).put("heed_ms", rounded(heedMillis)).put("other", other)
                .put("other_ms", rounded(otherMillis)).put("ratio", rounded(ratio));
        if (Double.isNaN(floor)) {
            node.putNull("floor");
        } else {
            node.put("floor", floor);
        }
        return node.toString();
    }

    /** One line of a table. */
    public String line() {
        return String.format(Locale.ROOT, "%-4s %-27s %-28s %10.3f ms %10.3f ms  %6.2fx  %-6s %s", holds() ? "ok"
                : "LOW",
                bench, shape, heedMillis, otherMillis, ratio,
                Double.isNaN(floor) ? "" : String.format(Locale.ROOT, ">=%.2f", floor), other);
    }

    private static double rounded(double value) {
        return Math.round(value * 1e4) / 1e4;
    }
}
