package io.heed.vision.data;

import java.util.Arrays;

/**
 * Labelled images in memory, a byte a pixel.
 *
 * @param channels C
 * @param height   H
 * @param width    W
 * @param pixels   (N, C, H, W), 0 for black to 255
 * @param labels   (N)
 */
public record ImageSet(int channels, int height, int width, byte[] pixels, int[] labels) {
    /** @throws IllegalArgumentException when there are not N C H W pixels */
    public ImageSet {
        long expected = (long) labels.length * channels * height * width;
        if (pixels.length != expected) {
            throw new IllegalArgumentException(labels.length + " images of " + channels + "x" + height + "x" + width
                    + " have " + expected + " pixels, got " + pixels.length);
        }
    }

    /** N. */
    public int size() {
        return labels.length;
    }

    /** Bytes of one image. */
    public int imageSize() {
        return channels * height * width;
    }

    /** Images {@code from} (inclusive) to {@code to} (exclusive). */
    public ImageSet slice(int from, int to) {
        return new ImageSet(channels, height, width, Arrays.copyOfRange(pixels, from * imageSize(), to * imageSize()),
                Arrays.copyOfRange(labels, from, to));
    }
}
