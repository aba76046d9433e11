package io.heed.vision.data;

import io.heed.data.CounterRandom;

/**
 * What training images go through before they are seen: the usual random crop out of a padded image, and a mirror image
 * half of the time.
 *
 * @param crop how many pixels an image may move in each direction; what moves in is black
 * @param flip whether left and right may change places
 */
public record Augmentation(int crop, boolean flip) {
    /** Nothing. */
    public static final Augmentation NONE = new Augmentation(0, false);

    /** @throws IllegalArgumentException when the crop is negative */
    public Augmentation {
        if (crop < 0) {
            throw new IllegalArgumentException("crop is " + crop + ", must not be negative");
        }
    }

    /**
     * Writes the image at {@code from} of {@code pixels} into {@code to} from {@code at}, moved and mirrored as
     * {@code random} says.
     *
     * @param pixels (C, H, W) bytes from {@code from}
     * @param black  for each channel, what a black pixel becomes
     * @param white  for each channel, what a white pixel becomes
     */
    void apply(ImageSet set, int image, CounterRandom random, float[] black, float[] white, float[] to, int at) {
        int down = crop == 0 ? 0 : random.nextInt(2 * crop + 1) - crop;
        int right = crop == 0 ? 0 : random.nextInt(2 * crop + 1) - crop;
        boolean mirror = flip && random.nextInt(2) == 1;
        byte[] pixels = set.pixels();
        int height = set.height();
        int width = set.width();
        for (int c = 0; c < set.channels(); c++) {
            float step = (white[c] - black[c]) / 255;
            int plane = (image * set.channels() + c) * height * width;
            for (int y = 0; y < height; y++) {
                int row = y - down;
                int out = at + (c * height + y) * width;
                for (int x = 0; x < width; x++) {
                    int column = (mirror ? width - 1 - x : x) - right;
                    boolean inside = row >= 0 && row < height && column >= 0 && column < width;
                    to[out + x] = inside ? black[c] + step * (pixels[plane + row * width + column] & 0xFF) : black[c];
                }
            }
        }
    }
}
