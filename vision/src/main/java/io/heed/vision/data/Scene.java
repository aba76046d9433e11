package io.heed.vision.data;

import java.util.List;

/**
 * A drawn image of which everything is known.
 *
 * @param side   height and width in pixels
 * @param pixels red, green and blue planes (3, side, side)
 * @param items  the shapes on it, first drawn first; they do not touch
 */
public record Scene(int side, byte[] pixels, List<Item> items) {
    public Scene {
        items = List.copyOf(items);
    }

    /**
     * A shape on the image.
     *
     * @param kind   what it is
     * @param colour its name
     * @param box    the smallest box around it
     * @param mask   (side, side), true where a pixel's middle belongs to it
     */
    public record Item(ShapeKind kind, String colour, Box box, boolean[] mask) { }

    /**
     * A box of pixels: columns {@code left} to {@code right} and rows {@code top} to {@code bottom}, the latter ends
     * exclusive.
     */
    public record Box(int left, int top, int right, int bottom) { }
}
