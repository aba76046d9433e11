package io.heed.vision.convit;

/**
 * What a {@link Convit} is built from.
 *
 * @param image           side of the images in pixels, a multiple of the patch
 * @param patch           side of a patch
 * @param channels        channels of the images
 * @param classes         classes
 * @param width           D
 * @param depth           blocks
 * @param heads           H of every block
 * @param mlpRatio        hidden width of the MLPs over D
 * @param bias            whether queries, keys and values have biases
 * @param local           blocks of gated positional attention; the class token joins after them
 * @param strength        a, how narrow their heads start
 * @param localStart      whether they start as convolutions
 * @param positions       whether learned positions are added to the patches
 * @param epsilon         of the norms
 * @param stochasticDepth probability of leaving the last block's branches out for an image in training
 */
public record ConvitConfig(int image, int patch, int channels, int classes, long width, int depth, int heads,
        double mlpRatio,
                           boolean bias, int local, double strength, boolean localStart, boolean positions,
                           double epsilon, double stochasticDepth) {

    /** @throws IllegalArgumentException for sizes that do not fit each other */
    public ConvitConfig {
        if (patch < 1 || image % patch != 0) {
            throw new IllegalArgumentException("images of " + image + "x" + image
                    + " pixels do not divide into patches of " + patch + "x" + patch);
        }
        if (heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
        if (depth < 1 || local < 0 || local > depth) {
            throw new IllegalArgumentException(local + " local blocks are not among " + depth + " blocks");
        }
    }

    /** The published sizes: 12 blocks of which 10 local, MLP ratio 4, no qkv biases, eps 1e-6. */
    public enum Size {
        TINY(192, 4), SMALL(432, 9), BASE(768, 16);

        private final long width;
        private final int heads;

        Size(long width, int heads) {
            this.width = width;
            this.heads = heads;
        }

        /** The model for square images of {@code image} pixels. */
        public ConvitConfig config(int image, int channels, int classes) {
            return new ConvitConfig(image, 16, channels, classes, width, 12, heads, 4, false, 10, 1, true, true, 1e-6,
                    0.1);
        }
    }

    /** Tokens along one side. */
    public int side() {
        return image / patch;
    }

    /** The same with other local blocks; 0 makes it a plain vision transformer. */
    public ConvitConfig withLocal(int local) {
        return new ConvitConfig(image, patch, channels, classes, width, depth, heads, mlpRatio, bias, local, strength,
                localStart, positions, epsilon, stochasticDepth);
    }

    /** The same with local blocks that start as convolutions, or like all other weights. */
    public ConvitConfig withLocalStart(boolean localStart) {
        return new ConvitConfig(image, patch, channels, classes, width, depth, heads, mlpRatio, bias, local, strength,
                localStart, positions, epsilon, stochasticDepth);
    }
}
