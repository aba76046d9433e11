package io.heed.catalog;

import java.util.Locale;

/**
 * How a golden case went.
 *
 * @param outcome   passed, failed, or the system or module is not built
 * @param name      {@code system/case}
 * @param error     the largest error, relative to {@code max(1, max|expected|)}; NaN when nothing was compared
 * @param tensor    the tensor with the largest error, by its name in the file; empty when nothing was compared
 * @param tolerance the largest error allowed
 * @param message   what went wrong, in one line; empty for a pass
 */
public record GoldenResult(Outcome outcome, String name, double error, String tensor, double tolerance,
                           String message) {
    /** Passed, failed, or not built. */
    public enum Outcome { PASS, FAIL, MISSING }

    /** {@code PASS system/case max-error tolerance}, and the message of a failure. */
    public String line() {
        String numbers = Double.isNaN(error) ? "- " + number(tolerance) : number(error) + " " + number(tolerance);
        return outcome + " " + name + " " + numbers + (message.isEmpty() ? "" : " " + message);
    }

    private static String number(double value) {
        return value == 0 ? "0" : String.format(Locale.ROOT, "%.2e", value);
    }
}
