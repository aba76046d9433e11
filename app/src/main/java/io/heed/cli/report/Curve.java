package io.heed.cli.report;

/**
 * A line of a {@link LineChart}.
 *
 * @param name   what the reader knows it by
 * @param colour number of its colour; curves of one mixer have the same in every chart
 * @param x      positions, increasing
 * @param y      values, as many
 * @param low    lower edge of a band around the line, as many; empty for none
 * @param high   upper edge
 */
public record Curve(String name, int colour, double[] x, double[] y, double[] low, double[] high) {
    /** @throws IllegalArgumentException when the arrays' lengths differ */
    public Curve {
        if (x.length != y.length || low.length != high.length || (low.length != 0 && low.length != x.length)) {
            throw new IllegalArgumentException("curve '" + name + "': " + x.length + " positions, " + y.length
                    + " values, a band of " + low.length + " and " + high.length);
        }
    }

    /** A line without a band. */
    public static Curve of(String name, int colour, double[] x, double[] y) {
        return new Curve(name, colour, x, y, new double[0], new double[0]);
    }

    /** Whether there is a band. */
    boolean hasBand() {
        return low.length > 0;
    }
}
