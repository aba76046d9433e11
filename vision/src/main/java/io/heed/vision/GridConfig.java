package io.heed.vision;

import java.util.Map;

/**
 * What a grid mixer is built from: its place in the backbone, and its own options.
 *
 * @param width    D, channels
 * @param heads    heads; must divide the width
 * @param rows     H, rows of the grid
 * @param columns  W, columns of the grid
 * @param layer    index of the block that the mixer stands in, from 0
 * @param layers   blocks in all
 * @param relative whether the mixer is to learn a bias for each relative position, the backbone adding no positions
 * @param dropout  probability of dropping an attention weight (or the mixer's like of it) in training
 * @param options  the mixer's own options by name, as text
 */
public record GridConfig(long width, int heads, int rows, int columns, int layer, int layers, boolean relative,
                         double dropout, Map<String, String> options) {

    /** @throws IllegalArgumentException for sizes that do not fit each other */
    public GridConfig {
        check(width > 0 && heads > 0 && rows > 0 && columns > 0 && layers > 0,
                "width, heads, rows, columns and layers must be positive");
        check(width % heads == 0, "width " + width + " is not a multiple of " + heads + " heads");
        check(layer >= 0 && layer < layers, "layer " + layer + " is not among " + layers + " layers");
        check(dropout >= 0 && dropout < 1, "dropout " + dropout + " is not within [0, 1)");
        options = Map.copyOf(options);
    }

    /** One layer without relative positions, dropout or options. */
    public static GridConfig of(long width, int heads, int rows, int columns) {
        return new GridConfig(width, heads, rows, columns, 0, 1, false, 0, Map.of());
    }

    /** d = D / heads. */
    public int headWidth() {
        return Math.toIntExact(width / heads);
    }

    /** N = H W. */
    public int tokens() {
        return Math.multiplyExact(rows, columns);
    }

    /** The same with or without learned relative positions. */
    public GridConfig withRelative(boolean relative) {
        return new GridConfig(width, heads, rows, columns, layer, layers, relative, dropout, options);
    }

    /** The same with other options. */
    public GridConfig withOptions(Map<String, String> options) {
        return new GridConfig(width, heads, rows, columns, layer, layers, relative, dropout, options);
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
