package io.heed.cli.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A linear axis with ticks at round numbers. */
final class Axis {
    private final double low;
    private final double high;
    private final double unit;

    /**
     * @param low  least value shown
     * @param high largest value shown
     * @param most about how many ticks fit
     */
    Axis(double low, double high, int most) {
        double span = high - low;
        if (!(span > 0)) {
            span = Math.max(1e-9, Math.abs(low) * 0.1);
            this.low = low - span / 2;
            this.high = low + span / 2;
        } else {
            this.low = low;
            this.high = high;
        }
        this.unit = roundUp((this.high - this.low) / most);
    }

    double low() {
        return low;
    }

    double high() {
        return high;
    }

    /** Where {@code value} lies, from 0 at the low end to 1 at the high end; outside of it beyond the ends. */
    double share(double value) {
        return (value - low) / (high - low);
    }

    /** Round values within the axis. */
    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        for (long i = (long) Math.ceil(low / unit - 1e-9); i * unit <= high + unit * 1e-9; i++) {
            ticks.add(i * unit);
        }
        return ticks;
    }

    /** A tick's label, with as many decimals as tell neighbours apart. */
    String label(double tick) {
        int decimals = (int) Math.max(0, Math.min(8, -Math.floor(Math.log10(unit) + 1e-9)));
        return String.format(Locale.ROOT, "%,." + decimals + "f", tick + 0.0);
    }

    /** 1, 2 or 5 times a power of ten, not below {@code value}. */
    private static double roundUp(double value) {
        double power = Math.pow(10, Math.floor(Math.log10(value)));
        for (double factor : new double[] {1, 2, 5}) {
            if (factor * power >= value * (1 - 1e-9)) {
                return factor * power;
            }
        }
        return 10 * power;
    }
}
