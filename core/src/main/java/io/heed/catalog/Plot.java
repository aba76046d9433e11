package io.heed.catalog;

import java.util.List;

/**
 * Curves of a report.
 *
 * @param title  what they show
 * @param xTitle the horizontal axis, with its unit
 * @param yTitle the vertical axis, with its unit
 * @param series the curves
 */
public record Plot(String title, String xTitle, String yTitle, List<Series> series) {
    public Plot {
        series = List.copyOf(series);
    }

    /**
     * One curve: {@code y[i]} at {@code x[i]}.
     *
     * @param name for the legend
     */
    public record Series(String name, double[] x, double[] y) {
        /** @throws IllegalArgumentException when there are not as many x as y */
        public Series {
            if (x.length != y.length) {
                throw new IllegalArgumentException("series '" + name + "' has " + x.length + " x and " + y.length
                        + " y");
            }
        }
    }
}
