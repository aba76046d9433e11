package io.heed.vision.neighborhood;

import java.util.Arrays;

import io.heed.kernels.NeighborhoodSpec;

/**
 * What a {@link NeighborhoodAttention} is built from; the sizes of the grid come with its input.
 *
 * @param width    C, channels
 * @param heads    H, heads; must divide the width
 * @param kernel   K of each axis, 1 to 3 axes
 * @param stride   s of each axis
 * @param dilation D of each axis
 * @param causal   of each axis, whether later positions are hidden
 * @param qkvBias  whether the projection to queries, keys and values has a bias
 * @param scale    factor of the dot products; NaN for 1 / sqrt(d)
 * @param relative whether a bias for each relative position is learned
 * @param dropout  probability of dropping an element of the output in training
 */
public record NeighborhoodConfig(long width, int heads, int[] kernel, int[] stride, int[] dilation, boolean[] causal,
                                 boolean qkvBias, double scale, boolean relative, double dropout) {

    /** @throws IllegalArgumentException when the heads do not divide the width or the axes do not agree */
    public NeighborhoodConfig {
        if (width < 1 || heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
        int rank = kernel.length;
        if (rank < 1 || rank > NeighborhoodSpec.MAX_RANK || stride.length != rank || dilation.length != rank
                || causal.length != rank) {
            throw new IllegalArgumentException("neighborhood attention has 1 to 3 axes with a kernel size, stride,"
                    + " dilation and causal flag each, got " + rank + ", " + stride.length + ", " + dilation.length
                    + " and " + causal.length);
        }
    }

    /** Windows of {@code kernel}, without stride, dilation, causality, relative positions or dropout. */
    public static NeighborhoodConfig of(long width, int heads, int... kernel) {
        int[] ones = new int[kernel.length];
        Arrays.fill(ones, 1);
        return new NeighborhoodConfig(width, heads, kernel, ones, ones, new boolean[kernel.length], true, Double.NaN,
                false, 0);
    }

    /** Axes. */
    public int rank() {
        return kernel.length;
    }

    /**
     * The windows on a grid of these sizes.
     *
     * @throws IllegalArgumentException in one line when a window does not fit
     */
    public NeighborhoodSpec on(int[] sizes) {
        return new NeighborhoodSpec(sizes, kernel, stride, dilation, causal, (float) scale);
    }

    /** Shape of the relative table: (H, 2 K - 1, ...). */
    long[] tableShape() {
        long[] shape = new long[rank() + 1];
        shape[0] = heads;
        for (int axis = 0; axis < rank(); axis++) {
            shape[axis + 1] = 2L * kernel[axis] - 1;
        }
        return shape;
    }
}
