package io.heed.vision.halonet;

/**
 * What a {@link HaloAttention} is built from.
 *
 * @param width        C, channels of the input
 * @param outWidth     channels of the output, a multiple of the heads
 * @param heads        heads
 * @param keyWidth     d_k, channels of a head's queries and keys
 * @param block        b, rows and columns of a block
 * @param halo         h, further rows and columns on each side
 * @param stride       1, or 2 for half the rows and columns
 * @param averages     whether stride 2 takes means of outputs rather than fewer queries; where the block is odd, it
 *                     does
 * @param bias         whether the projections have biases
 * @param scaled       whether positions are divided by sqrt(d_k) as the dot products are
 * @param trueOffsets  whether positions of strided queries count pixels; else, as in the reference, the queries' own
 *                     index
 * @param masked       whether keys outside of the image are hidden; in the reference they are zeros that take weight
 */
public record HaloConfig(long width, long outWidth, int heads, int keyWidth, int block, int halo, int stride,
        boolean averages, boolean bias, boolean scaled, boolean trueOffsets, boolean masked) {

    /** @throws IllegalArgumentException for sizes that do not fit each other */
    public HaloConfig {
        check(width > 0 && heads > 0 && outWidth > 0 && outWidth % heads == 0,
                "output width " + outWidth + " is not a multiple of " + heads + " heads");
        check(keyWidth > 0, "key width " + keyWidth + " must be positive");
        check(block > 0 && halo >= 0, "block " + block + " must be at least 1, halo " + halo + " at least 0");
        check(stride == 1 || stride == 2, "stride " + stride + " must be 1 or 2");
    }

    /** As many channels out as in, d_k = d_v, blocks of {@code block} with {@code halo}, the reference's choices. */
    public static HaloConfig of(long width, int heads, int block, int halo) {
        check(width % heads == 0, "width " + width + " is not a multiple of " + heads + " heads");
        return new HaloConfig(width, width, heads, Math.toIntExact(width / heads), block, halo, 1, false, false, false,
                false, false);
    }

    /** The same with other channels out, in heads of the same width for keys and values. */
    public HaloConfig withOut(long outWidth, int stride) {
        return new HaloConfig(width, outWidth, heads, Math.toIntExact(outWidth / heads), block, halo, stride, averages,
                bias, scaled, trueOffsets, masked);
    }

    /** The same with positions counted in pixels, and keys outside of the image hidden or not. */
    public HaloConfig withVariant(boolean trueOffsets, boolean masked) {
        return new HaloConfig(width, outWidth, heads, keyWidth, block, halo, stride, averages, bias, scaled,
                trueOffsets, masked);
    }

    /** d_v, channels of a head's values. */
    public int valueWidth() {
        return Math.toIntExact(outWidth / heads);
    }

    /** w, rows and columns of a window. */
    public int window() {
        return block + 2 * halo;
    }

    /** Whether outputs are averaged over 2 x 2 pixels. */
    public boolean pools() {
        return stride == 2 && (averages || block % 2 != 0);
    }

    /** Pixels from one query to the next: 2 where a stride takes fewer queries. */
    public int queryStep() {
        return stride == 2 && !pools() ? 2 : 1;
    }

    /** Queries of a block in a row. */
    public int queries() {
        return block / queryStep();
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
