package io.heed.kernels;

import java.util.Arrays;

/**
 * What a neighborhood attention computes (Hassani et al., arXiv 2204.07143, 2209.15001, 2403.04690, 2504.16922): every
 * token of a grid of 1 to 3 axes attends to the product of one window an axis.
 *
 * <p>An axis of L positions falls into D dilation groups, positions p with the same p mod D; inside a group of n
 * positions, x = p div D attends to
 * <pre>
 *   not causal: [start, start + K) with start = clamp(l - K div 2, 0, n - K), l = min((x div s) s + s div 2, n - 1)
 *   causal:     [start, x]         with start = max(l - K + 1, 0),           l = min((x div s) s + s - 1, n - 1)
 * </pre>
 * so that a window is pushed inward at the borders and, where not causal, always has K keys.
 *
 * @param sizes    positions of each axis, outermost first
 * @param kernel   K of each axis
 * @param stride   s of each axis, 1 to K: queries that share a window
 * @param dilation D of each axis; K D must not be larger than the axis
 * @param causal   of each axis, whether later positions are hidden
 * @param scale    factor of the dot products; NaN for 1 / sqrt(d)
 */
public record NeighborhoodSpec(int[] sizes, int[] kernel, int[] stride, int[] dilation, boolean[] causal, float scale) {
    /** Axes at the most. */
    public static final int MAX_RANK = 3;

    /** @throws IllegalArgumentException in one line that names the axis, when a window does not fit */
    public NeighborhoodSpec {
        int rank = sizes.length;
        if (rank < 1 || rank > MAX_RANK) {
            throw new IllegalArgumentException("a grid has 1 to " + MAX_RANK + " axes, got " + rank);
        }
        if (kernel.length != rank || stride.length != rank || dilation.length != rank || causal.length != rank) {
            throw new IllegalArgumentException("a grid of " + rank
                    + " axes needs as many kernel sizes, strides, dilations and"
                    + " causal flags, got " + kernel.length + ", " + stride.length + ", " + dilation.length + " and "
                    + causal.length);
        }
        for (int a = 0; a < rank; a++) {
            String axis = "axis " + a + " of the grid " + text(sizes) + ": ";
            if (sizes[a] < 0) {
                throw new IllegalArgumentException(axis + "size " + sizes[a] + " is negative");
            }
            if (kernel[a] < 1 || dilation[a] < 1) {
                throw new IllegalArgumentException(axis + "kernel " + kernel[a] + " and dilation " + dilation[a]
                        + " must be at least 1");
            }
            if (stride[a] < 1 || stride[a] > kernel[a]) {
                throw new IllegalArgumentException(axis + "stride " + stride[a] + " must be 1 to the kernel size "
                        + kernel[a]);
            }
            if ((long) kernel[a] * dilation[a] > sizes[a]) {
                throw new IllegalArgumentException(axis + "kernel " + kernel[a] + " with dilation " + dilation[a]
                        + " spans " + (long) kernel[a] * dilation[a] + " positions, the axis has " + sizes[a]
                        + ": take a smaller kernel or dilation, or a larger grid");
            }
        }
        sizes = sizes.clone();
        kernel = kernel.clone();
        stride = stride.clone();
        dilation = dilation.clone();
        causal = causal.clone();
    }

    /** Windows of {@code kernel} keys on an axis, without stride, dilation or causality. */
    public static NeighborhoodSpec of(int[] sizes, int... kernel) {
        int[] ones = new int[sizes.length];
        Arrays.fill(ones, 1);
        return new NeighborhoodSpec(sizes, kernel, ones, ones, new boolean[sizes.length], Float.NaN);
    }

    /** The same with strides. */
    public NeighborhoodSpec withStride(int... stride) {
        return new NeighborhoodSpec(sizes, kernel, stride, dilation, causal, scale);
    }

    /** The same with dilations. */
    public NeighborhoodSpec withDilation(int... dilation) {
        return new NeighborhoodSpec(sizes, kernel, stride, dilation, causal, scale);
    }

    /** The same with causal flags. */
    public NeighborhoodSpec withCausal(boolean... causal) {
        return new NeighborhoodSpec(sizes, kernel, stride, dilation, causal, scale);
    }

    /** The same with another factor of the dot products. */
    public NeighborhoodSpec withScale(float scale) {
        return new NeighborhoodSpec(sizes, kernel, stride, dilation, causal, scale);
    }

    /** Axes of the grid. */
    public int rank() {
        return sizes.length;
    }

    /** N, tokens of the grid. */
    public int tokens() {
        return Arrays.stream(sizes).reduce(1, Math::multiplyExact);
    }

    /** Keys of a window, the product of the kernel sizes. */
    public int window() {
        return Arrays.stream(kernel).reduce(1, Math::multiplyExact);
    }

    /** Entries of a relative bias table for one head, the product of 2 K - 1. */
    public int tableSize() {
        return Arrays.stream(kernel).map(k -> 2 * k - 1).reduce(1, Math::multiplyExact);
    }

    /** The factor of the dot products for heads of {@code width}. */
    public float scaleFor(int width) {
        return Float.isNaN(scale) ? (float) (1 / Math.sqrt(width)) : scale;
    }

    /** First key of the window of position {@code x} of a dilation group of {@code n}, in the group's own positions. */
    int start(int axis, int x, int n) {
        int k = kernel[axis];
        int s = stride[axis];
        if (causal[axis]) {
            return Math.max(Math.min(x / s * s + s - 1, n - 1) - k + 1, 0);
        }
        return Math.clamp(Math.min(x / s * s + s / 2, n - 1) - k / 2, 0, n - k);
    }

    /** The key after the last of the same window. */
    int end(int axis, int x, int n) {
        return causal[axis] ? x + 1 : start(axis, x, n) + kernel[axis];
    }

    private static String text(int[] sizes) {
        StringBuilder text = new StringBuilder();
        for (int size : sizes) {
            text.append(text.isEmpty() ? "" : "x").append(size);
        }
        return text.toString();
    }
}
