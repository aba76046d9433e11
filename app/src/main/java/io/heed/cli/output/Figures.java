package io.heed.cli.output;

import java.util.Locale;

/** Figures as people read them. */
public final class Figures {
    private static final String[] BYTE_UNITS = {"B", "KB", "MB", "GB", "TB"};

    private Figures() { }

    /** A whole number with thousands separated: {@code 12,345}. */
    public static String count(double value) {
        return String.format(Locale.ROOT, "%,.0f", value);
    }

    /** Bytes in units of 1024: {@code 1.5 MB}. */
    public static String bytes(double bytes) {
        int unit = 0;
        double value = bytes;
        while (Math.abs(value) >= 1024 && unit < BYTE_UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 || Math.abs(value) >= 100 ? "%.0f %s" : "%.1f %s", value,
                BYTE_UNITS[unit]);
    }

    /** A loss or a metric, four significant digits at least: {@code 1.234}, {@code 0.0123}. */
    public static String quality(double value) {
        if (value == 0 || Math.abs(value) >= 0.1) {
            return String.format(Locale.ROOT, Math.abs(value) >= 1000 ? "%,.0f" : "%.3f", value);
        }
        return String.format(Locale.ROOT, Math.abs(value) < 0.0001 ? "%.1e" : "%.4f", value);
    }

    /** A length of time: {@code 8 s}, {@code 2 min 05 s}, {@code 1 h 03 min}. */
    public static String duration(double seconds) {
        long whole = Math.round(seconds);
        if (whole < 60) {
            return whole + " s";
        }
        return whole < 3600 ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole % 3600 / 60);
    }

    /** How many times {@code a} is {@code b}: {@code 1.4 times}. */
    public static String times(double ratio) {
        return String.format(Locale.ROOT, ratio < 10 ? "%.1f times" : "%.0f times", ratio);
    }
}
