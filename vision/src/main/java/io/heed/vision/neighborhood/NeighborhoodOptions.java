package io.heed.vision.neighborhood;

import java.util.Arrays;
import java.util.List;

import io.heed.sequence.MixerOption;
import io.heed.sequence.MixerOptions;
import io.heed.vision.GridConfig;

/** Reads a grid mixer's options: one value for both axes, or {@code rows x columns} as in {@code kernel=3x5}. */
final class NeighborhoodOptions {
    /** What the mixer understands. */
    static final List<MixerOption> KNOWN = List.of(
            new MixerOption("kernel", "7, or the largest odd size that fits",
            "keys of a window on each axis, e.g. 7 or 3x5"),
            new MixerOption("stride", "1", "queries that share a window"),
            new MixerOption("dilation", "1", "step between the keys of a window; max for the largest that fits"),
            new MixerOption("causal", "none", "axes on which later positions are hidden: none, rows, columns or both"));

    private static final int USUAL_KERNEL = 7;

    /** The axes on which later positions are hidden. */
    private enum Causal { NONE, ROWS, COLUMNS, BOTH }

    private NeighborhoodOptions() { }

    /**
     * The layer for this place in a backbone.
     *
     * @throws IllegalArgumentException in one line when an option makes no sense or a window does not fit the grid
     */
    static NeighborhoodAttention build(GridConfig place) {
        MixerOptions options = MixerOptions.of(place.options());
        int[] sizes = {place.rows(), place.columns()};
        int[] dilation = dilation(options);
        int[] kernel = kernel(options, sizes, dilation);
        if (isLargest(options)) {
            for (int axis = 0; axis < sizes.length; axis++) {
                dilation[axis] = Math.max(1, sizes[axis] / kernel[axis]);
            }
        }
        Causal causal = options.choice("causal", Causal.class, Causal.NONE);
        boolean[] hidden = {causal == Causal.ROWS || causal == Causal.BOTH, causal == Causal.COLUMNS
                || causal == Causal.BOTH};
        NeighborhoodConfig config = new NeighborhoodConfig(place.width(), place.heads(), kernel,
                pair("stride", options.text("stride", "1")), dilation, hidden, true, Double.NaN, place.relative(),
                place.dropout());
        config.on(sizes); // says what does not fit before any weight is made
        boolean seesAll = Arrays.equals(kernel, sizes) && causal == Causal.NONE;
        return new NeighborhoodAttention(config, !seesAll, place.layers());
    }

    private static boolean isLargest(MixerOptions options) {
        return options.text("dilation", "1").strip().equals("max");
    }

    /** 1 where the largest is asked for, until the kernel is known. */
    private static int[] dilation(MixerOptions options) {
        return isLargest(options) ? new int[] {1, 1} : pair("dilation", options.text("dilation", "1"));
    }

    private static int[] kernel(MixerOptions options, int[] sizes, int[] dilation) {
        String text = options.text("kernel", "");
        if (!text.isEmpty()) {
            return pair("kernel", text);
        }
        int[] kernel = new int[sizes.length];
        for (int axis = 0; axis < sizes.length; axis++) {
            int most = Math.max(1, sizes[axis] / dilation[axis]);
            kernel[axis] = Math.min(USUAL_KERNEL, most - (most + 1) % 2);
        }
        return kernel;
    }

    private static int[] pair(String name, String text) {
        String[] parts = text.strip().split("x", -1);
        try {
            int first = Integer.parseInt(parts[0].strip());
            int second = parts.length == 1 ? first : Integer.parseInt(parts[1].strip());
            if (parts.length <= 2) {
                return new int[] {first, second};
            }
        } catch (NumberFormatException e) {
            // reported below, with the text as given
        }
        throw new IllegalArgumentException("option " + name + "=" + text
                + ": must be a whole number, or two as in 3x5");
    }
}
